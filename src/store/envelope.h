/* SPDX-License-Identifier: MIT */
/*
 * envelope: the text of a spool file. Pure: bytes in, bytes out.
 *
 *	Post365-Spool: 3
 *	Id: 6742F3A05C81B7E0
 *	Account: default
 *	Mailbox: alerts@example.com	(that sends it)
 *	Client-Id: 1111-...		(the app that sends for it)
 *	Settings: /etc/post365/config	(where both were said)
 *	Sender: app@example.com		(empty: the null sender)
 *	Recipient: a@example.org	(a line for each, and behind it, where
 *	Notify: success,failure		asked for, what the sender wants to
 *	Original: rfc822;a@x.example	hear, and ORCPT; mail/notify.h)
 *	Arrived: 2026-11-25T20:10:00Z
 *	Message-ID: <1@example.com>
 *	Client: sendmail uid=0
 *	User: scanner			(who signed in; RFC 4954)
 *	Address: 192.0.2.7		(where the client was, and by which
 *	Listener: 0.0.0.0:587		door it came; TLS: by which protocol)
 *	TLS: TLSv1.3
 *	Envelope-Id: QQ314159		(ENVID, as xtext)
 *	Return: full			(RET=FULL)
 *	Subject: Backup of host7	(log_subject = yes)
 *	Options: via=mime no-save
 *					(empty line: the head is over)
 *	two slots of ENVELOPE_SLOT bytes: where the message stands
 *	the message, as it came
 *	End: LENGTH SUM			(on a line of its own)
 *
 * Head and message never change, and the end record says that they are whole:
 * LENGTH counts head and message, SUM is of the two: XXH64 as 16 hex digits
 * and blanks, so that the record is as long as in versions 1 and 2, which had
 * a SHA-256. That took longer than all else for a large message, and who can
 * write into the queue can write an end record, too.
 *
 * Where it stands does change, with each attempt. A slot holds a whole state
 * with a number and a checksum; the one with the higher number counts, and
 * the other one is written next, in its place. So a torn write leaves the
 * state before, no attempt makes the file longer (a full disk does not stop
 * delivery), 150 MB are not written again, and there is no second file that
 * could be lost or left over. A new file has two blank slots.
 *
 *	Sequence: 3
 *	Attempts: 2
 *	Next: 2026-11-25T20:15:00Z
 *	Wait: 300		(seconds from when that was written)
 *	Done: 0			(recipients settled, the first so many)
 *	Unsure-since: ...	(a request went out, its outcome is not known)
 *	Unsure-times: 1
 *	Since: ...		(its age counts from then; schedule.h)
 *	Tried: ...		(last, by a clock that can be right)
 *	Hours: 2		(in which it was tried)
 *	Asked: ...		(the first request that was perhaps taken)
 *	Settled: 5		(who of the next is: hex digits, the first has
 *				the first four, its lowest bit the first)
 *	Part: 2			(goes to so many of the others next; 0: to all)
 *	Draft: AAMk...		(immutable id, for delivery = exact)
 *	Request: 9b1d...	(client-request-id of the last attempt)
 *	Kind: retry
 *	Code: ErrorServerBusy
 *	Reason: graph.microsoft.com answered 503
 *	Check: 16 hex digits of the SHA-256 of the lines above
 *
 * What is read may come from anywhere (queue import): every length is
 * bounded, and unknown keys are skipped, but of a version that is none of ours
 * we say so. Version 1 had no Mailbox, Client-Id and Settings; it is read, and
 * so is 2. The keys from User to Subject, Notify and Original are left out
 * where they are empty. A value is printable UTF-8 without line ends.
 */
#ifndef STORE_ENVELOPE_H
#define STORE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/crypt.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/parse.h"
#include "codec/xxh64.h"
#include "mail/notify.h"

enum {
	ENVELOPE_VERSION = 3,
	ENVELOPE_SHA256 = 2,              /* the last version with that sum */
	ENVELOPE_ID_SIZE = 17,            /* 16 upper-case hex digits, a NUL */
	ENVELOPE_HEAD_MOST = 1 << 20,     /* bytes; 10,000 addresses fit */
	ENVELOPE_RECIPIENTS_MOST = 10000, /* ten times Exchange's own limit */
	ENVELOPE_SLOT = 2048,             /* bytes of one state */
	ENVELOPE_SLOTS = 2 * ENVELOPE_SLOT,
	ENVELOPE_REASON_MOST = 560, /* bytes kept of a reason */
	/* recipients behind Done that can be settled by themselves: as many
	   as Exchange takes */
	ENVELOPE_SETTLED_MOST = 1000,
	ENVELOPE_DRAFT_MOST = 512, /* Graph's ids have 150 to 200 */
	ENVELOPE_END = 92 /* bytes of "\nEnd: 20 digits, 64 digits\n" */
};

struct envelope {
	/* as it was read; 2 is written as 2, all others as the latest */
	unsigned version;
	struct str id; /* ^[0-9A-F]{16}$: envelope_is_id */
	struct str account;
	struct str mailbox, client_id; /* empty in version 1 */
	struct str settings;           /* a path; or empty */
	struct str sender;             /* empty: the null sender */
	struct str *recipient;
	/* one for each of them; NULL: nothing was asked for */
	struct notify *notify;
	size_t recipients; /* at least one */
	int64_t arrived;   /* seconds since 1970 */
	struct str message_id;
	struct str client; /* who submitted it, for people */
	struct str user, address, listener, tls; /* or empty */
	struct str envelope_id;                  /* xtext; or empty */
	struct str ret;     /* RET: "full", "hdrs", or empty */
	struct str subject; /* as the queue and the log show it; or empty */
	struct str options; /* words of the command floor; kept as they are */
};

struct envelope_state {
	uint64_t sequence; /* of the slot; 0: never written */
	uint64_t attempts;
	int64_t next;  /* not before this; 0: at once */
	uint64_t wait; /* seconds that it was ahead when it was written */
	uint64_t done;
	struct str settled; /* envelope_is_settled */
	uint64_t part;
	int64_t unsure_since; /* 0: no request whose outcome is not known */
	uint64_t unsure_times;
	int64_t since, tried; /* schedule_note; 0: not yet */
	uint64_t hours;
	int64_t asked; /* 0: no request was perhaps taken */
	struct str draft;
	struct str request;
	enum err_kind kind; /* of the last failure */
	struct str code, reason;
};

/*
 * Appends the head, its empty line included. ERR_INPUT: a value has control
 * characters or is not UTF-8, no or too many recipients, or too long.
 */
bool envelope_write(struct buf *out, const struct envelope *v, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Reads the head at the start of in. DONE: *v lives in a and in `in`, *size
 * is the head's length. MORE: it goes on after in. BAD: ERR_INPUT, or
 * ERR_CONFIG if a later post365 wrote it.
 */
enum parse envelope_read(struct arena *a, struct str in, struct envelope *v,
    size_t *size, struct err *e);

/*
 * Writes a state into one slot of ENVELOPE_SLOT bytes. Texts that are too
 * long are cut; what is not printable in them becomes '?'.
 */
void envelope_state_write(char *out, const struct envelope_state *s);
/* The slot that the state with this number goes to, 0 or 1. */
unsigned envelope_slot(uint64_t sequence);
/*
 * What the two slots say: slots has ENVELOPE_SLOTS bytes. *s lends from
 * there; zeroed when neither was ever written whole.
 */
void envelope_state_read(struct str slots, struct envelope_state *s);

/*
 * The end record, from head and message in pieces of any size. Nothing to
 * release.
 */
struct envelope_sum {
	unsigned version;
	uint64_t length;
	struct xxh64 quick;
	struct crypt_sum sha256; /* of version 1 and 2 */
};
void envelope_sum_init(struct envelope_sum *s, unsigned version);
void envelope_sum_add(struct envelope_sum *s, struct str piece);
/* Writes ENVELOPE_END bytes and a NUL. */
void envelope_sum_end(struct envelope_sum *s, char *out);
/* The version that envelope_write gives it. */
unsigned envelope_version(const struct envelope *v);

/* Has the i-th recipient had the mail, or a report gone out about it? */
bool envelope_is_settled(const struct envelope_state *s, size_t i);

bool envelope_is_id(struct str s);

#endif
