/* SPDX-License-Identifier: MIT */
#include "web/text.h"

/*
 * English and French in turn, each with a NUL behind it, in the order of
 * pages. Few texts with many in them are a third of the size of a table of
 * pointers; a compiler need not take one of more than 4,095 bytes (C11
 * 5.2.4.1).
 */
#define TEXT(english, french) english "\0" french "\0"
/* clang-format off */
static const char text_provider[] =
	TEXT("Pages", "Pages")
	TEXT("Provider", "Fournisseur")
	TEXT("Test", "Test")
	TEXT("Queue", "File d'attente")
	TEXT("Log", "Journal")
	TEXT("Delivery", "Remise")
	TEXT("Sign out", "Se déconnecter")
	TEXT("Skip to content", "Aller au contenu")
	TEXT("account", "compte")
	TEXT("Account:", "Compte :")
	TEXT("the first", "le premier")

	TEXT("Sender", "Expéditeur")
	TEXT("the address that mail is from",
	    "l'adresse d'où part le courrier")
	TEXT("Tenant ID", "ID de locataire")
	TEXT("Entra ID > Overview", "Entra ID > Vue d'ensemble")
	TEXT("Client ID", "ID client")
	TEXT("App registrations > the app > Application (client) ID",
	    "Inscriptions d'applications > l'application > ID d'application "
	    "(client)")
	TEXT("Client secret", "Secret client")
	TEXT("Certificates & secrets > the column Value, not Secret ID",
	    "Certificats et secrets > la colonne Valeur, pas l'ID de secret")
	TEXT("Mailbox", "Boîte aux lettres")
	TEXT("if it is not the sender's",
	    "si ce n'est pas celle de l'expéditeur")
	TEXT("Cloud", "Cloud")
	TEXT("Proxy", "Proxy")
	TEXT("http://host:port, or none", "http://hôte:port, ou none")
	TEXT("No proxy for", "Pas de proxy pour")
	TEXT("hosts, with commas between", "hôtes, séparés par des virgules")
	TEXT("Certificate authorities", "Autorités de certification")
	TEXT("auto, builtin, system, or a file",
	    "auto, builtin, system ou un fichier")
	TEXT("Sign-in address", "Adresse de connexion")
	TEXT("Graph address", "Adresse de Graph")
	TEXT("for a test service only", "pour un service de test seulement")
	TEXT("set on $; leave it empty to keep it",
	    "défini le $ ; laisser vide pour le garder")
	TEXT("in force is, from outside of the file:",
	    "en vigueur, mais hors du fichier :")
	TEXT("Send through Microsoft 365", "Envoyer par Microsoft 365")
	TEXT("Switched off, mail waits in the queue.",
	    "Sinon, le courrier reste en file d'attente.")
	TEXT("More", "Plus")
	TEXT("Save", "Enregistrer")
	TEXT("A certificate in place of the secret",
	    "Un certificat au lieu du secret")
	TEXT("In use:", "Utilisé :")
	TEXT("Its key never leaves this machine. Make one, upload the public "
	    "part, then use it.",
	    "Sa clé ne quitte jamais cette machine. Créez-en un, chargez la "
	    "partie publique, puis utilisez-le.")
	TEXT("Make a certificate", "Créer un certificat")
	TEXT("Settings file:", "Fichier de configuration :")
	TEXT("Saved. Send a test mail to see whether it works.",
	    "Enregistré. Envoyez un courriel de test pour voir si cela "
	    "marche.")
	TEXT("Nothing was changed.", "Rien n'a été changé.")

	TEXT("Certificate", "Certificat")
	TEXT("1. Upload the public part", "1. Charger la partie publique")
	TEXT("Download", "Télécharger")
	TEXT("Thumbprint", "Empreinte")
	TEXT("Valid until", "Valable jusqu'au")
	TEXT("2. Use it", "2. L'utiliser")
	TEXT("It takes the place of the secret.", "Il remplace le secret.")
	TEXT("Use it", "L'utiliser")
	TEXT("There is no certificate yet.",
	    "Il n'y a pas encore de certificat.")
	;
static const char text_log[] =
	TEXT("Send a test mail to", "Envoyer un courriel de test à")
	TEXT("Send test email", "Envoyer le test")
	TEXT("To", "À")
	TEXT("ok", "ok")
	TEXT("note", "note")
	TEXT("FAIL", "ERREUR")
	TEXT("skipped", "omis")
	TEXT("settings", "réglages")
	TEXT("files", "fichiers")
	TEXT("enabled", "actif")
	TEXT("aliases", "alias")
	TEXT("queue", "file d'attente")
	TEXT("queue run", "envoi de la file")
	TEXT("relay", "relais")
	TEXT("credential", "identifiants")
	TEXT("expiry", "expiration")
	TEXT("connection", "connexion")
	TEXT("clock", "horloge")
	TEXT("token", "jeton")
	TEXT("permission", "autorisation")
	TEXT("large mail", "courriel volumineux")
	TEXT("trace", "suivi")
	TEXT("mailbox", "boîte aux lettres")
	TEXT("accounts", "comptes")
	TEXT("test message", "message de test")
	TEXT("delivery", "remise")
	TEXT("Sent. Waiting for the message trace …",
	    "Envoyé. En attente du suivi des messages …")
	TEXT("Working …", "En cours …")
	TEXT("Microsoft 365 has it. Look into the inbox, and into Junk.",
	    "Microsoft 365 l'a reçu. Regardez dans la boîte de réception et "
	    "dans le courrier indésirable.")
	TEXT("Nothing was sent. What to do stands above.",
	    "Rien n'a été envoyé. Le remède est indiqué ci-dessus.")
	TEXT("It ended without a result. Try again.",
	    "Terminé sans résultat. Réessayez.")
	TEXT("post365 web does not answer. Is it still running?",
	    "post365 web ne répond pas. Est-il encore lancé ?")

	TEXT("Person", "Personne")
	TEXT("Subject", "Objet")
	TEXT("Id", "Id")
	TEXT("Code", "Code")
	TEXT("Day", "Jour")
	TEXT("only what did not go", "seulement ce qui n'est pas parti")
	TEXT("Search", "Rechercher")
	TEXT("Nothing like that in the log.", "Rien de tel dans le journal.")
	TEXT("Subjects are kept only with log_subject = yes.",
	    "L'objet n'est gardé qu'avec log_subject = yes.")
	TEXT("Time", "Heure")
	TEXT("What became of it", "Résultat")
	TEXT("Mail", "Courriel")
	TEXT("Older", "Plus ancien")
	TEXT("copy", "copier")
	TEXT("copied", "copié")
	TEXT("Details", "Détails")
	TEXT("Answer", "Réponse")
	TEXT("Attempt", "Tentative")
	TEXT("Next attempt", "Prochaine tentative")
	TEXT("Was it delivered?", "A-t-il été remis ?")
	TEXT("Delivery of a mail", "Remise d'un courriel")
	TEXT("Exchange knows nothing of it yet. A trace may come minutes "
	    "later.",
	    "Exchange n'en sait encore rien. Le suivi peut arriver quelques "
	    "minutes plus tard.")
	TEXT("Back to the log", "Retour au journal")
	TEXT("sent", "envoyé")
	TEXT("later", "plus tard")
	TEXT("hold", "retenu")
	TEXT("dead", "échec")
	TEXT("dropped", "supprimé")
	TEXT("exported", "exporté")
	TEXT("bounced", "rejeté")
	TEXT("delivered", "remis")
	TEXT("failed", "échec")
	TEXT("quarantined", "en quarantaine")
	TEXT("pending", "en attente")
	TEXT("accepted", "accepté")
	;
static const char text_queue[] =
	TEXT("Try now", "Réessayer")
	TEXT("Hold", "Retenir")
	TEXT("Release", "Libérer")
	TEXT("Drop", "Supprimer")
	TEXT("until $", "jusqu'à $")
	TEXT("State", "État")
	TEXT("Arrived", "Arrivé")
	TEXT("Why it waits", "Raison de l'attente")
	TEXT("Actions", "Actions")
	TEXT("Nothing waits.", "Rien n'attend.")
	TEXT("$ of $ are shown.", "$ sur $ sont montrés.")
	TEXT("queued", "en attente")
	TEXT("active", "en cours")
	TEXT("Try all now", "Tout réessayer")
	TEXT("Done.", "C'est fait.")
	TEXT("It is due: the relay, the timer or post365 queue run sends it.",
	    "À envoyer maintenant : par le relais, la minuterie ou post365 "
	    "queue run.")
	TEXT("Drop this mail?", "Supprimer ce courriel ?")
	TEXT("It is removed and never sent; nobody is told.",
	    "Il est effacé et jamais envoyé ; personne n'est averti.")
	TEXT("Drop it", "Supprimer")
	TEXT("Keep it", "Garder")

	TEXT("not yet", "pas encore")
	TEXT("not delivered", "non remis")
	TEXT("throttled", "ralenti")
	TEXT("on its way", "en route")
	TEXT("Numbers", "Chiffres")
	TEXT("median ms", "médiane ms")
	TEXT("95 % ms", "95 % ms")
	TEXT("What was handed to Microsoft 365",
	    "Ce qui a été remis à Microsoft 365")
	TEXT("What Exchange delivered", "Ce qu'Exchange a distribué")
	TEXT("Ask Exchange's message trace",
	    "Interroger le suivi des messages d'Exchange")
	TEXT("Attempts by day", "Tentatives par jour")
	TEXT("Deliveries by day", "Remises par jour")

	TEXT("Sign in", "Connexion")
	TEXT("User", "Utilisateur")
	TEXT("Password", "Mot de passe")
	TEXT("User or password is wrong, or the user has no role=admin.",
	    "Utilisateur ou mot de passe incorrect, ou sans role=admin.")
	TEXT("Too many attempts. Wait a minute.",
	    "Trop de tentatives. Attendez une minute.")
	TEXT("Open the address that post365 web printed where it was started. "
	    "It is good for one visit: start post365 web again for another.",
	    "Ouvrez l'adresse que post365 web a affichée à son lancement. Elle "
	    "ne sert qu'une fois : relancez post365 web pour en avoir une "
	    "autre.")
	;
/* clang-format on */
#undef TEXT

/* The next of them; empty behind the last. */
static struct str
text_next(struct str *rest)
{
	struct str one = { 0 };

	(void)str_next(rest, '\0', &one);
	return one;
}

struct str
text_tag(enum text_language l)
{
	return l == TEXT_FRENCH ? STR("fr") : STR("en");
}

/* "0.8" as 800; none is 1000. */
static unsigned
text_weight(struct str q)
{
	unsigned n = 0;

	q = str_trim(q);
	if (!str_istarts(q, STR("q=")))
		return 1000;
	if (str_starts(str_from(q, 2), STR("1")))
		return 1000;
	for (size_t i = 4; i < 7; i++)
		n = n * 10 +
		    (i < q.n && ascii_is_digit(q.p[i]) ?
			    (unsigned)(q.p[i] - '0') :
			    0);
	return n;
}

enum text_language
text_choose(struct str accept_language)
{
	enum text_language best = TEXT_ENGLISH;
	unsigned most = 0;
	struct str one;

	while (str_next(&accept_language, ',', &one)) {
		size_t end = str_chr(one, ';');
		struct str tag = str_trim(str_first(one, end));
		struct str primary = str_first(tag, str_chr(tag, '-'));
		unsigned weight = text_weight(str_from(one, end + 1));

		if (weight > most && str_ieq(primary, STR("fr")))
			best = TEXT_FRENCH;
		else if (weight > most && str_ieq(primary, STR("en")))
			best = TEXT_ENGLISH;
		else
			continue;
		most = weight;
	}
	return best;
}

/* The i-th part; empty behind the last. */
static struct str
text_part(size_t i)
{
	const struct str parts[] = {
		{ text_provider, sizeof(text_provider) - 1 },
		{ text_log, sizeof(text_log) - 1 },
		{ text_queue, sizeof(text_queue) - 1 },
	};

	return i < sizeof(parts) / sizeof(*parts) ? parts[i] : STR("");
}

struct str
text_find(enum text_language l, struct str english)
{
	struct str rest, key;

	if (l == TEXT_ENGLISH)
		return english;
	for (size_t i = 0; (rest = text_part(i)).n > 0; i++)
		while ((key = text_next(&rest)).n > 0) {
			struct str french = text_next(&rest);

			if (str_eq(key, english))
				return french;
		}
	return english;
}

struct str
text_key(size_t i)
{
	struct str rest, key;

	for (size_t part = 0; (rest = text_part(part)).n > 0; part++)
		while ((key = text_next(&rest)).n > 0) {
			(void)text_next(&rest);
			if (i-- == 0)
				return key;
		}
	return (struct str){ 0 };
}
