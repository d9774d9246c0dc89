"""German, French, Spanish and Portuguese words of incidents, and the English word that the judge reads for each.

Word for word, so that a fact still points to where it stood in the message. `english: foreign foreign`, a star stands
for any ending. Only what is frequent in reports is here; what is missing is weighed by the text model as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

_STEM = 3  # letters of a stem by which `word*` is found
_SURE = 2  # function words that make a message one of a language

# Function words by which a language is known; those that two of these languages share are weaker on purpose.
_KNOWN_BY = {
    "en": """
        the is are and of in on for not we our it this that with from to has have was be by you they at an all
        since""",
    "de": """
        der die das und ist nicht ein eine einen seit wir auf mit für von im den dem kein keine sind hat auch bei
        noch es zu alle kann können mehr nur wird werden ich aus nach oder wie bitte jemand""",
    "fr": """
        le la les des est et une un du pour dans sur pas nous ne plus avec qui depuis sont au aux ont ce cette
        tout tous je vous par mais il elle leur chez on peut quelqu""",
    "es": """
        el la los las y es de del en un una no por para con que se desde está están todos al lo su pero más hay ya
        nos como alguien puede muy sin""",
    "pt": """
        o os as e é de do da dos das em um uma não por para com que se desde está estão todos no na nos nas ao
        mais há já mas sem alguém pode foi pela pelo nosso""",
}

_WORDS = {
    "de": """
        down: ausgefallen ausfall* lahmgelegt abgestürzt tot steht; dead: tot; broken: kaputt defekt* gestört
        zerschossen; outage: totalausfall komplettausfall stromausfall störung; fail: scheitern fehlschl*; fails:
        scheitert schlägt; failed: fehlgeschlagen gescheitert; error: fehler fehlermeldung* fehlercode; errors:
        fehlern; crash: abst*; crashes: abstürzt stürzt; hangs: hängt hängen klemmt; frozen: eingefroren; works:
        geht läuft klappt laufen gehen; working: funktioniert funktionieren; not: nicht nix; no: kein keine keinen
        keiner keinem keinerlei; nothing: nichts; nobody: niemand niemandem; never: nie niemals; without: ohne;
        anymore: mehr; only: nur lediglich bloß; unavailable: unverfügbar; available: verfügbar; reachable:
        erreichbar; unreachable: unerreichbar; offline: offline; loads: lädt laden; opens: öffnet öffnen; missing:
        fehlt fehlen verschwunden; gone: weg; lost: verloren verlust; deleted: gelöscht; wiped: gelöscht; corrupt:
        beschädigt korrupt*; overwritten: überschrieben; empty: leer leere; wrong: falsch* verkehrt*; twice:
        doppelt zweimal; duplicate: doppelte doppelten; delayed: verspätet verzögert; delay: verzögerung*
        verspätung*; late: spät verspätet; slow: langsam* zäh träge; timeout: zeitüberschreitung; backlog:
        rückstau stau; queue: warteschlange*; stuck: stecken steckt hängengeblieben; blocked: blockiert gesperrt;
        locked: ausgesperrt; rejected: abgelehnt; declined: abgelehnt; cant: kannst; can: kann können konnte; all:
        alle allen alles sämtliche; every: jede jeder jedes jeden; everyone: allen jeder; everything: alles;
        everywhere: überall; whole: ganze ganzen gesamte gesamten komplette kompletten; half: hälfte halbe; third:
        drittel; quarter: viertel; some: einige manche einzelne paar; few: wenige; many: viele vielen; most:
        meisten; one: ein eine einen einem; customers: kunden kundinnen mandanten; customer: kunde kundin mandant;
        users: nutzer benutzer anwender nutzern; user: nutzer; people: leute; patients: patienten; staff:
        mitarbeiter* personal; colleagues: kollegen kolleginnen; stores: filialen läden märkte; store: filiale
        laden markt; site: webseite website seite standort; sites: standorte; shop: shop onlineshop; warehouse:
        lager; hospital: krankenhaus klinik; ward: station; factory: werk; region: region; country: land;
        countries: länder ländern; payment: zahlung bezahlung; payments: zahlungen; pay: zahlen bezahlen zahlt
        bezahlt; card: karte; cards: karten; order: bestellung auftrag; orders: bestellungen aufträge; till:
        kasse; tills: kassen; invoices: rechnung*; booking: buchung; bookings: buchungen; ticket: fahrkarte;
        login: anmeldung einloggen; log: anmelden; search: suche; upload: hochladen; export: export; report:
        bericht*; reports: berichte; mails: mails e-mails; notifications: benachrichtigung*; app: app; database:
        datenbank*; backup: sicherung datensicherung*; disk: festplatte platte; full: voll; power: strom; network:
        netz netzwerk; phones: telefone; printer: drucker; server: server; certificate: zertifikat*; expires:
        läuft; expired: abgelaufen; password: passwort passwörter kennwort; data: daten; leaked: abgeflossen
        geleakt; exposed: einsehbar offengelegt; attacker: angreifer; attack: angriff; hacked: gehackt; encrypted:
        verschlüsselt; ransom: lösegeld*; suspicious: verdächtig*; stolen: gestohlen geklaut; strangers: fremde*;
        other: anderen andere anderer; maintenance: wartung* wartungsarbeiten; planned: geplant*; scheduled:
        angekündigt*; test: test; staging: testsystem testumgebung; drill: übung notfallübung probealarm;
        resolved: behoben gelöst erledigt; fixed: repariert gefixt; restored: wiederhergestellt; back: wieder
        zurück; normal: normal; fine: gut ordnung prima; unaffected: unbetroffen; affected: betroffen*;
        workaround: umweg ausweich*; manually: manuell händisch; hand: hand; paper: papier; since: seit; ago: vor;
        minutes: minuten minute; hours: stunden stunde; today: heute; yesterday: gestern; tomorrow: morgen;
        tonight: nachts; question: frage; who: wer; what: was; how: wie; why: warum wieso; anyone: jemand; please:
        bitte; thanks: danke; lunch: mittagessen mittag; meeting: besprechung; typo: tippfehler; logo: logo;
        display: anzeige; nurses: pflege*; medication: medikament*; ambulance: rettungswagen rettungsdienst;
        emergency: notfall notruf; urgent: dringend eilig; production: produktion; line: linie band; again:
        erneut; sometimes: manchmal gelegentlich; intermittent: sporadisch; reload: neuladen; retry: wiederholen;
        update: aktualisierung; deploy: ausrollen; release: version""",
    "fr": """
        down: panne hs planté tombé tombée; outage: panne interruption coupure; broken: cassé cassée; fails:
        échoue; fail: échouent échouer; failed: échoué échec; error: erreur; errors: erreurs; crash: plantage
        plante; crashes: plante plantent; hangs: bloque fige; frozen: figé figée gelé; stuck: bloqué bloquée
        coincé; blocked: bloqués bloquées; works: marche tourne; working: fonctionne fonctionnent marchent; not:
        ne n pas; no: aucun aucune; nothing: rien; nobody: personne; never: jamais; without: sans; only: seulement
        uniquement seul seule; unavailable: indisponible* inaccessible*; available: disponible*; reachable:
        joignable; unreachable: injoignable*; loads: charge chargent; opens: ouvre ouvrent; missing: manque
        manquent absent*; gone: disparu*; lost: perdu perdus perdue perte*; deleted: supprimé* effacé*; corrupt:
        corrompu*; overwritten: écrasé*; empty: vide vides; wrong: faux fausse mauvais* erroné* incorrect*; twice:
        double deux-fois; duplicate: doublon*; delayed: retardé*; delay: retard retards; late: tard; slow: lent
        lente lents lentes lenteur*; timeout: délai; queue: file; rejected: refusé refusés rejeté*; declined:
        refusée refusées; can: peut peuvent; impossible: impossible; all: tous toutes tout toute; every: chaque;
        everyone: tout-le-monde; everywhere: partout; whole: entier entière ensemble; half: moitié; third: tiers;
        quarter: quart; some: certains certaines quelques; few: peu; many: beaucoup nombreux; most: plupart;
        customers: clients clientes; customer: client cliente; users: utilisateurs usagers abonnés; user:
        utilisateur; people: gens; patients: patients; staff: personnel équipe salariés; colleagues: collègues;
        stores: magasins boutiques; store: magasin boutique; site: site; sites: sites; warehouse: entrepôt;
        hospital: hôpital clinique; factory: usine; country: pays; payment: paiement; payments: paiements; pay:
        payer; card: carte; cards: cartes; order: commande; orders: commandes; till: caisse; tills: caisses;
        invoices: facture*; booking: réservation; bookings: réservations; ticket: billet; login: connexion; log:
        connecter; search: recherche; upload: téléversement; reports: rapports; mails: mails courriels;
        notifications: notification*; database: base; backup: sauvegarde*; disk: disque; full: plein saturé;
        power: électricité courant; network: réseau; phones: téléphones; printer: imprimante; server: serveur;
        certificate: certificat; expires: expire; expired: expiré; password: mot-de-passe; data: données; leaked:
        fuité fuite; exposed: exposé* visible*; attacker: attaquant pirate; attack: attaque; hacked: piraté*;
        encrypted: chiffré*; ransom: rançon*; suspicious: suspect*; stolen: volé*; other: autres autre;
        maintenance: maintenance; planned: prévu* planifié* programmé*; staging: recette préproduction; drill:
        exercice; resolved: résolu*; fixed: corrigé* réparé*; restored: rétabli*; back: retour revenu; normal:
        normal normale; fine: bien; affected: touché* impacté* concerné*; workaround: contournement; manually:
        manuellement; hand: main; paper: papier; since: depuis; minutes: minutes; hours: heures heure; today:
        aujourd'hui; yesterday: hier; tomorrow: demain; tonight: soir nuit; question: question; who: qui; how:
        comment; why: pourquoi; anyone: quelqu'un; please: svp stp merci-de; thanks: merci; lunch: déjeuner midi;
        meeting: réunion; typo: coquille faute; display: affichage; nurses: infirmier*; medication: médicament*;
        ambulance: ambulance samu; emergency: urgence urgences; urgent: urgent; production: production prod; line:
        ligne chaîne; again: encore; sometimes: parfois; intermittent: intermittent* aléatoire*; retry: réessayer;
        update: mise-à-jour; deploy: déploiement""",
    "es": """
        down: caído caída caídos caídas parado parada parados paradas; outage: apagón corte interrupción; broken:
        roto rota averiado*; fails: falla fallan; fail: fallar; failed: falló fallido* fallaron; error: error;
        errors: errores; crash: caída; crashes: cierra cuelga; hangs: colgado colgada cuelga; frozen: congelad*;
        stuck: atascad* bloqueado bloqueada; blocked: bloqueados bloqueadas; works: va; working: funciona
        funcionan; not: no; no: ningún ninguna ninguno; nothing: nada; nobody: nadie; never: nunca; without: sin;
        only: solo sólo solamente; unavailable: indisponible* inaccesible*; available: disponible*; unreachable:
        inalcanzable; loads: carga cargan; opens: abre abren; missing: falta faltan; gone: desaparecid*
        desapareció; lost: perdido perdidos pérdida* perdimos; deleted: borrad* eliminad*; corrupt: corrupt*
        dañad*; overwritten: sobrescrit*; empty: vacío vacía vacíos; wrong: mal incorrect* equivocad* erróne*;
        twice: doble; duplicate: duplicad*; delayed: retrasad*; delay: retraso retrasos demora*; late: tarde;
        slow: lento lenta lentos lentitud; queue: cola; rejected: rechazad* rechaza; declined: rechazada
        rechazadas; can: puede pueden; impossible: imposible; all: todos todas todo toda; every: cada; everyone:
        todo-el-mundo; everywhere: partes; whole: entero entera completo completa; half: mitad; third: tercio;
        quarter: cuarto; some: algunos algunas; few: pocos; many: muchos muchas; most: mayoría; customers:
        clientes; customer: cliente; users: usuarios; user: usuario; people: gente personas; patients: pacientes;
        staff: personal empleados; colleagues: compañer*; stores: tiendas; store: tienda; site: sitio web página;
        sites: sedes; warehouse: almacén; hospital: hospital; factory: fábrica planta; country: país; countries:
        países; payment: pago cobro; payments: pagos cobros; pay: pagar; card: tarjeta; cards: tarjetas; order:
        pedido; orders: pedidos; till: caja; tills: cajas; invoices: factura*; booking: reserva; bookings:
        reservas; ticket: billete; login: sesión; log: entrar iniciar; search: búsqueda buscador; upload: subir;
        reports: informes; report: informe; mails: correos; notifications: notificacion*; database: base; backup:
        respaldo copia; disk: disco; full: lleno; power: luz electricidad; network: red; phones: teléfonos;
        printer: impresora; server: servidor; certificate: certificado; expires: caduca vence; expired: caducad*
        vencid*; password: contraseña*; data: datos; leaked: filtrad* filtración; exposed: expuest* visibles;
        attacker: atacante intruso; attack: ataque; hacked: hackead*; encrypted: cifrad*; ransom: rescate;
        suspicious: sospechos*; stolen: robad*; other: otros otras otro; maintenance: mantenimiento; planned:
        planificad* previst* programad*; staging: pruebas preproducción; drill: simulacro; resolved: resuelt*
        solucionad*; fixed: arreglad* corregid*; restored: restablecid* restaurad*; back: vuelto vuelve; normal:
        normal; fine: bien; affected: afectad*; workaround: alternativa; manually: manualmente mano; paper: papel;
        since: desde; ago: hace; minutes: minutos; hours: horas hora; today: hoy; yesterday: ayer; tomorrow:
        mañana; tonight: noche; question: pregunta duda; who: quién; how: cómo; why: qué; anyone: alguien; please:
        favor; thanks: gracias; lunch: comer comida almuerzo; meeting: reunión; typo: errata; display: pantalla;
        nurses: enfermer*; medication: medicación medicamento*; ambulance: ambulancia*; emergency: emergencia*
        urgencias; urgent: urgente; production: producción; line: línea; again: nuevo vez; sometimes: veces;
        intermittent: intermitente*; retry: reintent*; update: actualización; deploy: despliegue""",
    "pt": """
        down: fora caiu caíram caído caída parado parada parados paradas parou; outage: apagão interrupção queda;
        broken: quebrad* avariad*; fails: falha falham; fail: falhar; failed: falhou falharam; error: erro;
        errors: erros; crash: queda; crashes: trava fecha; hangs: trava travado travada; frozen: congelad*; stuck:
        presos presas travados; blocked: bloquead*; works: roda; working: funciona funcionam funcionando; not: não
        nao; no: nenhum nenhuma; nothing: nada; nobody: ninguém ninguem; never: nunca; without: sem; only: só
        apenas somente; unavailable: indisponíve* inacessíve*; available: disponíve*; loads: carrega carregam;
        opens: abre abrem; missing: falta faltam faltando; gone: sumiu sumiram desaparec*; lost: perdido perdidos
        perda* perdemos; deleted: apagad* excluíd*; corrupt: corrompid*; overwritten: sobrescrit*; empty: vazio
        vazia vazios; wrong: errado errada errados erradas incorret*; twice: dobro dobrad*; duplicate: duplicad*;
        delayed: atrasad*; delay: atraso atrasos demora*; late: tarde; slow: lento lenta lentos lentidão; queue:
        fila; rejected: recusad* rejeitad*; declined: recusada negad*; can: pode podem consegue conseguem;
        impossible: impossível; all: todos todas todo toda tudo; every: cada; everyone: todo-mundo; everywhere:
        lugar; whole: inteiro inteira completo; half: metade; third: terço; quarter: quarto; some: alguns algumas;
        few: poucos; many: muitos muitas; most: maioria; customers: clientes assinantes; customer: cliente; users:
        usuários utilizadores; user: usuário; people: pessoas gente; patients: pacientes; staff: funcionários
        equipe; colleagues: colegas; stores: lojas; store: loja; site: site página; sites: unidades; warehouse:
        armazém depósito; hospital: hospital; factory: fábrica; country: país; countries: países; payment:
        pagamento; payments: pagamentos; pay: pagar; card: cartão; cards: cartões; order: pedido encomenda;
        orders: pedidos encomendas; till: caixa; tills: caixas; invoices: fatura* boleto*; booking: reserva;
        bookings: reservas; ticket: bilhete; login: login; log: entrar logar; search: busca pesquisa; upload:
        envio; reports: relatórios; report: relatório; mails: e-mails emails; notifications: notificaç*; database:
        banco base; backup: backup cópia; disk: disco; full: cheio; power: energia luz; network: rede; phones:
        telefones; printer: impressora; server: servidor; certificate: certificado; expires: expira vence;
        expired: expirad* vencid*; password: senha*; data: dados; leaked: vazad* vazaram vazamento; exposed:
        expost* visíve*; attacker: invasor atacante; attack: ataque; hacked: hackead* invadid*; encrypted:
        criptografad*; ransom: resgate; suspicious: suspeit*; stolen: roubad*; other: outros outras outro;
        maintenance: manutenção; planned: planejad* prevista programad*; staging: homologação testes; drill:
        simulado; resolved: resolvid*; fixed: corrigid* consertad*; restored: restabelecid* restaurad*; back:
        voltou voltaram volta; normal: normal; fine: bem; affected: afetad*; workaround: contorno; manually:
        manualmente mão; paper: papel; since: desde; ago: há; minutes: minutos; hours: horas hora; today: hoje;
        yesterday: ontem; tomorrow: amanhã; tonight: noite; question: pergunta dúvida; who: quem; how: como; why:
        porque; anyone: alguém; please: favor; thanks: obrigad*; lunch: almoço almoçar; meeting: reunião; display:
        tela ecrã; nurses: enfermeir*; medication: medicação medicamento*; ambulance: ambulância*; emergency:
        emergência*; urgent: urgente; production: produção; line: linha; again: novamente; sometimes: vezes;
        intermittent: intermitente*; retry: tentar; update: atualização; deploy: implantação""",
}


def language_of(words: Sequence[str]) -> str:
    """The language of a message's lower-case words: en, de, fr, es or pt; en where none is sure."""
    counts = {name: sum(word in known for word in words) for name, known in _function_words().items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= _SURE and counts[best] > counts["en"] else "en"


def in_english(words: Sequence[str]) -> list[str]:
    """The same words, each in English as far as the glossary knows it; an English message comes back as it is."""
    language = language_of(words)
    if language == "en":
        return list(words)
    exact, stems = _glossary(language)
    return [exact.get(word) or _by_stem(word, stems) or word for word in words]


def _by_stem(word: str, stems: dict[str, list[tuple[str, str]]]) -> str | None:
    return next((english for stem, english in stems.get(word[:_STEM], ()) if word.startswith(stem)), None)


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in _KNOWN_BY.items()}


@cache
def _glossary(language: str) -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    exact: dict[str, str] = {}
    stems: dict[str, list[tuple[str, str]]] = {}
    for entry in _WORDS[language].split(";"):
        english, _, foreign = entry.strip().partition(":")
        for word in foreign.split():
            if word.endswith("*"):
                stems.setdefault(word[:_STEM], []).append((word[:-1], english))
            else:
                exact.setdefault(word, english)
    return exact, stems
