/* names: what columns are called in exports and public data sets, in English, French and German. */
#include <ctype.h>
#include <string.h>

#include "guess.h"

enum { NAME_BYTES = 128 };

/* Names without blanks, signs and accents, in small letters; of a role, the clearest first. */
static const struct {
    rfm_role role;
    int score;
    const char *names;
} whole_names[] = {
    {CUSTOMER, 100,
     " customerid customeruniqueid custid customerno customernumber customernum userid clientid idclient numclient "
     "numeroclient "
     "noclient nclient codeclient refclient identifiantclient idutilisateur visitorid fullvisitorid userpseudoid "
     "memberid idmembre householdkey householdid buyerid shopperid idacheteur numcarte cartefidelite loyaltyid "
     "loyaltycard idadherent numadherent contactid idcontact clientkey customerkey userkey msno "
     "kundennummer kundennr kundenid kundeid kdnr kundencode "},
    {CUSTOMER, 92,
     " customer cust user client buyer shopper member visitor utilisateur acheteur adherent membre visiteur "
     "customercode codeadherent household foyer distinctid anonymousid personid kunde kaufer "},
    {CUSTOMER, 75,
     " accountid account compte idcompte numcompte cardid cardno cardnumber carte email mail courriel emailclient "
     "customeremail adressemail emailaddress uid cid phone telephone customername nomclient who qui id "},
    {TIME, 100,
     " eventtime invoicedate orderdate purchasedate transactiondate orderpurchasetimestamp eventtimestamp datecommande "
     "dateachat datevente datefacture datetransaction datecde dateheure horodatage saledate saledatetime orderedat "
     "purchasedat "
     "purchasetime ordertime transactiontime dateevenement "
     "bestelldatum rechnungsdatum kaufdatum auftragsdatum verkaufsdatum "},
    {TIME, 92,
     " timestamp datetime date time createdat created occurredat ts eventdate visitstarttime transdate when quand "
     "datum "
     "zeitpunkt zeit zeitstempel uhrzeit "},
    {TIME, 70,
     " day jour heure createddate datecreation creationdate dateticket datesaisie week moment updatedat paidat t "},
    {EVENT, 100,
     " eventtype eventname event action behaviortype behavior behaviour typeevenement evenement actiontype "
     "typeaction ereignis ereignistyp "},
    {EVENT, 70, " type activity activite evt what operation typeoperation statut status kind "},
    {AMOUNT, 100,
     " amount totalamount totalprice amt orderamount ordertotal linetotal transactionamount revenue salesamount "
     "salesvalue "
     "montant montantttc montantht prixtotal totalttc totalht chiffredaffaires montantcommande montantachat "
     "montanttotal montantligne "
     "paymentvalue dollarvalue purchaseamount totalpaid amountpaid totalsales salestotal "
     "betrag gesamtbetrag rechnungsbetrag umsatz gesamtpreis bruttobetrag nettobetrag "},
    {AMOUNT, 85,
     " total sales spend spent spending ca turnover netsales grosssales netamount grossamount somme valeur payment "
     "ammount paye summe wert "},
    {AMOUNT, 60, " value cost cout usd eur dollars euros sum money "},
    {QUANTITY, 100,
     " quantity qty quantite qte quantitevendue qtyordered orderedquantity nbarticles nbproduits itemcount qtevendue "
     "menge anzahl stuckzahl "},
    {QUANTITY, 75, " units unites nombre nb pieces count items cds volume nbunites stuck "},
    {PRICE, 100,
     " unitprice priceperunit prixunitaire puht puttc pu itemprice prixunit prixunitairettc prixunitaireht unitcost "
     "sellingprice einzelpreis stuckpreis "},
    {PRICE, 85, " price prix tarif preis "},
    {SESSION, 100,
     " sessionid usersession session visitid idsession idvisite gasessionid sessionkey sess sitzungsid sitzung "},
    {SESSION, 70, " visit visite visitnumber browsersession "},
    {ORDER, 100,
     " orderid ordernumber orderno ordernum invoiceno invoiceid invoicenumber invoicenum basketid transactionid "
     "transid "
     "receiptid receiptno receiptnumber ticketid numticket noticket numeroticket idticket numerocommande idcommande "
     "nocommande "
     "numcommande refcommande codecommande numfacture nofacture numerofacture idfacture orderkey idtransaction "
     "numtransaction checkno salesorderid ncommande nfacture nticket numcde nocde idachat "
     "bestellnummer bestellnr bestellid auftragsnummer auftragsnr rechnungsnummer rechnungsnr belegnummer belegnr "
     "bonnummer "},
    {ORDER, 90,
     " order invoice basket transaction receipt ticket commande facture bon panier purchase purchaseid achat cde "
     "bestellung auftrag rechnung beleg "},
    {PRODUCT, 100,
     " productid stockcode itemid sku productcode articleid productkey idproduit codeproduit refproduit codearticle "
     "refarticle idarticle productsku itemcode itemno ean asin upc gtin materialid numarticle "
     "artikelnummer artikelnr artikelid produktid produktnummer "},
    {PRODUCT, 90, " product item article produit reference ref prod artikel produkt "},
    {PRODUCT, 65,
     " productname itemname description libelle libelleproduit designation nomproduit titre title "
     "bezeichnung beschreibung artikelname produktname "},
    {CATEGORY, 100,
     " categoryid category categorycode categorie idcategorie codecategorie productcategory productcategoryname cat "
     "kategorie warengruppe produktkategorie "},
    {CATEGORY, 80,
     " categoryname rayon famille department departement univers typeproduit producttype division nomcategorie "},
    {CATEGORY, 65, " subcategory souscategorie sousfamille commodity itemcategory brand marque "},
};

/* Parts of longer names: "shop_customer_ref", "Date de la commande". */
static const struct {
    rfm_role role;
    int score;
    const char *parts;
} name_parts[] = {
    {CUSTOMER, 60,
     " customer client user buyer member visitor utilisateur acheteur adherent shopper household kunde kunden "},
    {TIME, 60, " date time timestamp horodatage heure datum "},
    {EVENT, 55, " event evenement action "},
    {AMOUNT, 60, " amount montant total revenue sales spend dollar dollars euros valeur betrag umsatz "},
    {QUANTITY, 60, " quantity quantite qty qte menge "},
    {PRICE, 60, " price prix preis "},
    {SESSION, 60, " session visit visite "},
    {ORDER, 60, " order commande invoice facture transaction ticket basket panier receipt bestellung rechnung "},
    {PRODUCT, 60, " product produit article item sku artikel produkt "},
    {CATEGORY, 60, " category categorie famille rayon "},
};

/* The letter that a pair of bytes in UTF-8 is an accent on; 0: none. */
static char unaccent(unsigned char lead, unsigned char byte)
{
    static const char upper[] = "aaaaaaaceeeeiiiidnooooo ouuuuy  aaaaaaaceeeeiiiidnooooo ouuuuy y";
    if (lead == 0xC3 && byte >= 0x80 && byte < 0xC0)
        return upper[byte - 0x80] == ' ' ? 0 : upper[byte - 0x80];
    return lead == 0xC5 && (byte == 0x92 || byte == 0x93) ? 'o' : 0;
}

/* The small letter or digit that begins at `at`, which moves to its last byte; 0: none. */
static char fold_letter(const unsigned char **at)
{
    if (isalnum(**at))
        return (char)tolower(**at);
    if (**at < 0xC0 || !(*at)[1])
        return 0;
    (*at)++;
    return unaccent((*at)[-1], (*at)[0]);
}

/* Small letters and digits of the name; words ended by a blank each where `words`, else all in one. */
static void fold(const char *name, bool words, char folded[NAME_BYTES])
{
    size_t n = 0;
    bool was_small = false;
    for (const unsigned char *at = (const unsigned char *)name; *at && n + 2 < NAME_BYTES; at++) {
        const char letter = fold_letter(&at);
        const bool new_word = words && n > 0 && folded[n - 1] != ' ' && (letter == 0 || (was_small && isupper(*at)));
        if (new_word)
            folded[n++] = ' ';
        if (letter)
            folded[n++] = letter;
        was_small = islower(*at) || isdigit(*at);
    }
    folded[n] = '\0';
}

static bool is_listed(const char *list, const char *word, size_t length)
{
    char wanted[NAME_BYTES + 2];
    if (length == 0 || length >= NAME_BYTES)
        return false;
    wanted[0] = ' ';
    memcpy(wanted + 1, word, length);
    memcpy(wanted + 1 + length, " ", 2);
    return strstr(list, wanted) != NULL;
}

static int part_says(const char *words, rfm_role role)
{
    int score = 0;
    for (const char *word = words; *word;) {
        const size_t length = strcspn(word, " ");
        for (size_t i = 0; i < sizeof name_parts / sizeof *name_parts; i++)
            if (name_parts[i].role == role && name_parts[i].score > score &&
                is_listed(name_parts[i].parts, word, length))
                score = name_parts[i].score;
        word += length + (word[length] == ' ');
    }
    return score;
}

int name_says(const char *name, rfm_role role)
{
    char folded[NAME_BYTES];
    fold(name, false, folded);
    for (size_t i = 0; i < sizeof whole_names / sizeof *whole_names; i++)
        if (whole_names[i].role == role && is_listed(whole_names[i].names, folded, strlen(folded)))
            return whole_names[i].score;
    fold(name, true, folded);
    return part_says(folded, role);
}
