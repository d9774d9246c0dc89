"""The general English of incidents: which phrases stand for which signal.

Names of a company's own things are policy and live in `severity.yaml`; these words are the same everywhere. One phrase
per comma; `word*` is any ending, `_` any one word, `a|b` either word. Negations are written as the tokens that
`tokens.read` makes of them: cant, dont, isnt, wont.
"""

from __future__ import annotations

PHRASES: dict[str, str] = {
    # how
    "how.down": """
        no _
        loads|load|reach|answers|opens|moves|possible|approved|accepted|booked|confirmed|delivered|processed|reachable,
        not reachable, not reaching|coming|arriving, isnt going out, dont go out|through, dont reach, does
        nothing, lost power, without power, no successful, go|goes|went black|dark, are|is black, die|dies with,
        all _ fail|failing, all _ _ fail|failing, most _ fail|failing,
        power|network|system|service|phones|phone|line|lines|lifts|elevators is|are out, no _ _
        works|can|goes|succeeds, maintenance page, dont come back, impossible, no _ can, no _
        gets|get|goes|works|arrives|leaves|starts|opens, nothing leaves|starts|opens|prints|moves, shows nothing,
        turned off, switched off, blackout, bricks, bricked, no
        network|power|internet|signal|payment|connection|answer|response, stand still, unreadable, doesnt answer,
        dont answer, never came, at zero, dropped by|from, out of service, idle, dont ring, refuse, refuses,
        refused, rejecting, bounce, unusable, out for|since|everywhere|again|in, down, dead, died, die, dies,
        outage, unreachable, unavailable, offline, dont work*, isnt loading, dont load*, not loading, not load*,
        dont open, wont open, dont start, wont start, not start*, failed to, unable to, cant, refuses to, fail
        for, fails for, broken, broke, borked, kaput, blank page, white page, black screen, empty page, error
        page*, 5xx, 500, 500s, 502, 502s, 503, 503s, 504, service unavailable, connection refused, not one, not a
        single, nobody can, no one can, none of, nothing works, nothing loads, nothing goes|comes|gets|is|happens,
        zero orders|payments|logins|results|traffic|requests|events|builds, 0
        orders|payments|logins|results|traffic|requests|events|builds|rows, no
        orders|payments|logins|traffic|sms|mails|emails|messages|notifications|labels|picks|route|routes|results|events|sound|audio|video|data|codes|webhooks,
        rejected, rejects, reject*, declined, declines, decline, denied, locked out, stuck, hangs, hung, frozen,
        freezes, crash, crashes, crashed, crash loop*, not arriv*, dont arriv*, never arriv*, not deliver*, dont
        get, get nothing, isnt sent, isnt being, isnt deliver*, kicked, kicks, went dark, lost connect*,
        unplayable, stopped, halted, at a standstill, blocked, cant be, wont let, not available, disconnected,
        exhausted, oom, not ready, no signal, gone, vanish*, disappear*, missing, flat line, dropped to 0|zero, at
        0|zero, suspended, all red, dont sync, dont show, not show*, dont update, not updat*, unhealthy,
        deadlock*, split brain, panics, panicked, segfault*, by hand, on paper, cash only, on fire, ends|ended
        in|with stop|error|fault|failure|timeout, goes|went|falls|fell to|into|in stop|fault|error|alarm, stays in
        stop|fault|error, in fault, faulted, cpu stop, emergency stop""",
    "how.partly": """
        intermittent*, sometimes, flaky, flapping, flaps, every other, now and then, at random, random*, some of,
        some users|customers|people|requests|orders|calls|jobs|players, a few
        users|customers|people|requests|orders|calls|jobs, partial*, error rate, elevated error*, errors, spike*,
        retry, retries, retrying, second try|time|attempt|click, timeouts, time out*, timing out, timed out,
        failures, failure, fail, fails, failing, failed, part of, a part of, degrad*, impaired, drops, dropping,
        dropped, disruption, disrupt*, one of three|two|four|five|our, elevated, problem with, exception,
        exceptions, traceback, error, err, some""",
    "how.slow": """
        slow, slower, slowly, sluggish, latency, p50, p95, p99, lag, lags, takes _
        seconds|secs|sec|s|minutes|min|mins, takes ages, take ages, response time*, spinner, spinning, spins,
        stutter*, crawl*, degraded performance, performance, jitter, ping, throttl*, instead of""",
    "how.delayed": """
        delay*, delays, late, behind, backlog*, queue* up, queued, queue depth, pile up, stale, consumer lag,
        replica lag, replication lag, hours old|behind|late, minutes old|behind|late, overdue, waiting, outdated""",
    "how.wrong": """
        for free, pending, swapped, misread*, by mistake, inverted, wrong, wrongly, incorrect*, mismatch*,
        duplicat*, back to|in draft|pending, stuck in draft|pending, twice,
        double charg*, charged twice, doubled, rounding, off by, out of sync, mixed up, someone
        else's, other people's, negative, dont match, too low, too high, wrong
        person|patient|account|customer|address""",
    "how.exposed": """
        outbound, accessed from, can see and edit, sees the, seed phrase, published by someone, got in, exposed,
        leak, leaked, leaks, leaking, breach, breached, public repo, public gist, public bucket, world readable,
        open to the internet|world, pasted in|into|to, credentials in, secrets in, plain text, unauthorized,
        unauthorised, without login, no auth*, see other people's, sees other, other tenant*, another tenant*,
        wrong tenant, phish*, stolen, compromised, hacked, ransom*, malware, exfil*, dumped, for sale, dark web,
        pastebin, scrap*, idor, someone else's data|orders|profile|account|invoices|inbox, token in, key in,
        secret key, password in, harvest*""",
    "how.lost": """
        data loss, lost all, lost the, lost, loses, losing, deleted, deletes, deleting, wiped, drop table, dropped
        the, drop database, corrupt*, overwrit*, overwrote, purged, are gone, is gone, rm -rf, destroyed, destroy,
        no backup, vanished from""",
    # for whom
    "reach.everyone": """
        everyone, everybody, every
        user|customer|client|player|tenant|merchant|member|patient|store|region|country|team|order|request|call|page|device|driver|single|site,
        all
        users|customers|clients|players|tenants|merchants|members|patients|stores|regions|countries|sites|warehouses|devices|drivers|orders|requests|calls|shards|zones|azs|locations|probes|shoppers|visitors|branches|tables|wards|hospitals|students|passengers|agents|guests|buyers|our,
        nobody, no one, no user|customer|player|client|order|payment|patient, not one, not a single, any
        customer|user|client|tenant, global, worldwide, all over, every country, all countries, all regions, all
        three regions, eu us, none of the, none of our, 100, whole fleet, each customer|user|order|call|request,
        anyone, anybody, everywhere, all of them, all of it, whole company, total*, completely, complete outage,
        full outage, all traffic, every card, all cards, across all, throughout, everything, every time, each
        time, zero""",
    "reach.most": """
        most users|customers|people|players|of, nearly all|every*|everyone, two thirds, half of, half the, about
        half, roughly half, a half""",
    "reach.many": """
        many users|customers|people|players|clients|reports|of, many, a lot of, thousands, hundreds, tickets,
        flood*, complaints, a third, a quarter, one third, phones ring*, lines are""",
    "reach.region": """
        region, eu, europe, apac, us east, us west, eu west, eu central, dach, uk, us, usa, germany, german,
        france, brazil, japan, spain, italy, poland, canada, nordics, belgium, ireland, singapore, asia, west
        coast, london, berlin, paris, country, countries, hub, plant, austria, portugal, argentina, chile""",
    "reach.group": """
        android, ios, iphone*, ipad*, safari, firefox, chrome, edge, windows, macos, tvs, xbox, playstation,
        switch, new users|customers|accounts|signups, guest*, enterprise, free tier, b2b, merchants, partners,
        resellers, sellers, drivers, couriers, nurses, doctors, members, subscribers, fleet, tenants, business
        customers, agents""",
    "reach.some": """
        some users, some customers, some people, some of, a few, several, handful, couple of, couple, few, some""",
    "reach.few": """
        once a month, only if, 0.1, 0.2""",
    "reach.one": """
        a colleague, one person, a user, one guy, only me, for me, my, i cant, me, i get""",
    "reach.customer": """
        a customer, one customer, single customer, a client, one account, a partner, customer says, one node""",
    "reach.staff": """
        internal, staff, employees, colleagues, engineers, engineering, devs, developers, hr, finance, accounting,
        back office, agents, analysts, nobody outside, customers not|unaffected|fine, no customer impact,
        customers dont notice, only us, our team, the team""",
    "reach.nobody": """
        no impact, no customer impact, no effect, nobody affected|noticed|impacted|complained|hurt, harmless,
        never used, unused, nobody uses, not urgent, when you have time, whenever, no rush, minor, tiny, small
        thing, cosmetic, fyi""",
    "share.most": """
        half of, half the, half our, two thirds, most of our|the|all, nine of ten, nearly all""",
    "share.many": """
        a third, one third, a quarter of, third of""",
    "share.some": """
        one in ten|twelve|fifteen|twenty|thirty, every tenth""",
    # where
    "where.elsewhere": """
        staging, stage, stg, dev, test env*, qa, uat, pre prod, sandbox, demo, demo tenant, preview, ci, local, in
        the lab, integration env*, canary, perf env*, beta""",
    "where.production": """
        prod, production, live, in prod, customer facing, real users, real customers""",
    "where.vendor": """
        vendor, vendors, provider, upstream, third party, aws, azure, their status page, supplier, carrier, telco,
        isp, partner bank, the bank, acquirer, github, google, apple, datadog""",
    # dangers, cost, backup, security
    "danger.word": """
        expires, expiring, expire, expiry, expired, will be full, will fill, filling up, filling, full in, runs
        out, run out, wraparound, exhaust*, about to, will stop, before it, deadline, climbing, quota""",
    "danger.now": """
        expires|ends at, runs out at, tonight, in _ minutes|min|mins, in _ hours|hour|h, within the hour, this
        evening, by noon, today, at midnight, in an hour, tomorrow, tomorrow morning, this afternoon, soon""",
    "danger.later": """
        in _ days, in _ weeks, next month, next week, in three weeks, next quarter, next year, in january, end of
        the month|quarter|year""",
    "danger.disk": """
        disk, volume, storage, partition, tablespace, wal, pvc, quota, free space, disk usage""",
    "cost.word": """
        daily, tripled, doubled, credits, pay for, spend, cost, costs, aws bill, bill, budget, a month, a day, an
        hour, egress, burn, per hour, unused""",
    "backup.word": """
        backup, backups, snapshot, snapshots, restore test, standby, dr site, dr, wal archiv*, archive job,
        retention, replication broken, redundancy, secondary""",
    "backup.also": """
        and the backup|backups|standby""",
    "security.running": """
        still inside, domain admin, while we talk|speak, one after another, minute by minute, taken over, takes
        over, being deleted, being downloaded, still running, right now, still going, keeps going, ongoing,
        ransom*, encrypting, bitcoin, exfil*, still active, still connected, still open, still live, being used,
        as we speak, in progress, spreading, mining, reverse shell, defaced, at this moment, currently being,
        still valid, not revoked, still being""",
    "security.sign": """
        crypto mining, unknown session|user|person|login, strange process, left open, was accessed, unknown
        process, stranger, someone unknown, break in, break-in, moves valves, suspicious, unknown ip*, credential
        stuffing, brute force, ddos, dos, botnet, bots, flood, attack, attacker, attackers, intruder, hacker,
        hackers, soc, siem, guardduty, new admin user, impossible travel, account takeover, hijack*, logged in as,
        phishing, c2, beacon*, web shell, webshell, injection, sqli, xss, rce, cve*, vulnerab*, impersonat*, card
        testing, fraud*, tampered, malicious, supply chain""",
    "security.personal": """
        customer data, personal data, passport*, card numbers, card data, cvv, e-mail addresses, addresses, names,
        phone numbers, passwords, password hashes, salaries, bank details, iban*, customer records, invoices,
        profiles, customer profiles, order history, private messages, gdpr, photos, kyc, dpo, prod db, database
        dump, customer database, customer db*""",
    "security.contained": """
        revoked, rotated, disabled, closed it, fixed now, no sign of, contained, isolated, removed it, was blocked""",
    "security.low": """
        low severity, rated low, informational, x-frame-options, hsts, csp, bug bounty, pentest*, pen test, never
        used, dev dependency, self xss, spf, trivy, npm audit, weak cipher*, no customer data, test data""",
    # against trouble
    "fine.works": """
        successful, succeeded, passed, quiet, ready, baseline, works, work, working, fine, ok, okay, unaffected,
        untouched, normal, normally, healthy, not affected, isnt affected, go through, goes through, serving, is
        up, are up, holding, stable, good, no problem, succeeds, succeed, operational, as usual, alive""",
    "fine.around": """
        workaround, manually, by hand, second try works, eventually, fallback, falls back, fall back, can still,
        reconnect*, in the end""",
    # not a report
    "kind.drill": """
        on purpose, pretend, game day, drill, fire drill, exercise, chaos experiment, tabletop, simulation,
        simulated, load test, rehearsal, please ignore, phishing simulation""",
    "kind.denied-drill": """
        for real, no exercise""",
    "kind.update": """
        update _ on, update on, handover, handing over, incident channel, war room, bridge, action items, thread""",
    "kind.recovered": """
        recovered, recovery, resolved, fixed, solved, back up, back to normal, is back, are back, all green,
        cleared, up again, works again, false alarm, closing, closed, was a blip, blip, caught up, back to
        baseline, all good, [resolved], [ok], recovered:, resolved:, closed:, lasted""",
    "kind.maintenance": """
        maintenance, planned, scheduled, will be unavailable, change request, chg*, announcement, reminder, we
        will, we'll, planned work, decommission*""",
    "kind.past": """
        years ago, last week, last month, last year, post mortem, postmortem, retro, retrospective, pir, review
        meeting, write up, blameless, in 2019|2020|2021|2022|2023|2024, that time, incident review""",
    "kind.learning": """
        webinar, training, quiz, workshop, talk about, conference, article, blog post, slides, new hire, runbook,
        read this, tutorial, hiring, interview""",
    "kind.draft": """
        draft, template, wording, hypothetically, what if, would we, if the, in case, opinions, proposal""",
    "kind.request": """
        can you, could you, can somebody, can someone, could somebody, could someone, can anyone, please add,
        access to, approve, approval, review my, can i get, i'd like, i need a, need a, looking for, anyone know*,
        does anyone, has anyone, anyone else, anybody else, who is, who's, who has, who owns, who can, where do,
        how do, how to, how long, how many, what is, what's, what are, what does, is there, are there, are we, do
        we, did we, did you, should i, is it ok, was there, is this, swap shifts, on call, oncall, on call rota,
        rotation, reminder""",
    "kind.social": """
        thanks, thank you, thx, well done, congrats, happy, birthday, welcome, good morning, morning all, good
        night, lol, haha, lunch, coffee, cake, pizza, weekend, beer, party, enjoy, all hands, standup, sprint, hi
        all, love it, nice, agreed, sure, done, got it, interesting""",
    "kind.deploy": """
        smoke test, deploy of, deployed, released, shipping, shipped, merged, merging, rolled out, rolling out,
        rollout, flag, feature flag, enabled, promoted, bumping, bump, version, all green, went out, is live,
        launch*, tag, tagged""",
    # alarms
    "alarm.firing": """
        alarm, [firing], firing, alert, alerting, triggered, threshold crossed, threshold, critical, problem,
        crit, sev1, monitor, datapoints, [critical], warning, warn, pagerduty, nagios, prometheus, datadog,
        cloudwatch, alertname, sentry, pingdom, uptime, new relic, opsgenie, zabbix, grafana alert, probe, probes,
        synthetic, synthetics, burn, error budget""",
    "alarm.ok": """
        alarm -> ok, [resolved], [ok], recovery:, resolved:, recovered:, returned to ok, is up again""",
    # degree
    "degree.hedge": """
        maybe, might, may, perhaps, possibly, probably, seems, seem, looks like, i think, not sure, could be,
        apparently, suspect, guess, weird, strange, funny, odd""",
    "degree.calm": """
        just, only, little, slightly, a bit, bit, small, short, brief, once, single""",
    "degree.loud": """
        help, urgent, emergency, now, panic, critical, immediately, disaster, hurry, fire, terrible""",
    "degree.since": """
        since, ago, started, right after, for the last, in the last, past hour, this morning, minutes now, all
        day, just now, began""",
    "degree.reported": """
        complaints, tickets, support says, phoned, called, twitter, reddit, discord, social media, told us,
        confirm, confirmed, reproduced, can reproduce, i checked, tried""",
    "degree.success": """
        success rate, success, successful, availability, uptime, apdex, conversion, hit rate""",
    "degree.negative": """
        dont, isnt, wont, cant, hasnt, nothing, no longer, never, without, nobody, none, neither, no, not, zero""",
    "degree.talk": """
        you, your, you're, you'd, i think, i guess, actually, well, yes, maybe, let's, we should, i'd, i'll, i've
        seen, i suppose, ah, hey, sure, please, that's, usually, probably, thanks, if you, you can, you have to,
        you need, sounds like, i mean""",
    "degree.code": """
        function, method, class, variable, library, crate, package, type, macro, array, string, pointer, parser,
        loop, extension, branch, commit, patch, upstream, trunk, docs, manual, tutorial, code, python, rust,
        javascript, html, kernel, tests, sdk, json, yaml, header""",
    "degree.meeting": """
        meeting, agenda, minutes, volunteer, topic, vote, discussion, sprint, schedule, propose""",
    "degree.vital": """
        patients, ambulance, emergency calls, 911, 112, hospital, medication, insulin, safety, life, airport,
        planes, grid, surgery, allergy, blood""",
    "degree.users": """
        users, customers, clients, people, players, visitors, members, patients, merchants, tenants, subscribers,
        accounts, employees, drivers, guests, orders, payments, requests, sessions, devices""",
}

# Words of everyday English that the typing-error repair must leave alone although they are near a word above.
PLAIN = """\
about above after again also another anything around asked asking based because been before being below between both
bring came case change changed cheap check clean clear close come common could current deal different doing done
each early either email enough even ever few field file find first follow found from full gave general give given
goes going good great group hand have having heard held here high hold house into item keep kept kind know large
last later lead learn least leave left less letter level like line list little local long look looks lost made mail
main make making many match mean means meet might mind mine more most move much must name near need never next night
note noted number often once only open option other others over page paper parse part pass past path plan play point
post pretty print pull push quick quite rather read ready real really reason right room round rule same save seem
seen send sent server session several share shared sharp short should show side sign simple small some soon sort
source space spend spent stand start state states stay step still store such sure switch table take taken talk team
tell test tested text than thank that their them then there these they thing think this those though thought three
through time times today together told took tool trace track train tried trip true trying turn type under until upon
used user uses using value very view wait walk want wants watch week well went were what when where whether which
while white whole whose will with within without word words work would write wrong year years your filed filing
charts trail trails county counties caching handing talking chart trade trades claims closes heating entry products
product visitor points balance balances tablets money monkey playing complains hosted stats auction rides retires
clause sight routers issuers issues tired macos"""

# Short words by which another language, and English, are known.
ENGLISH = """\
the is are a an to of and in on for not we our it this that with from no all since at has have was be can can't cant
by or but as you i they after when still down error does get my your who what how any some please fail failed
failing prod production slow checkout"""

# Names that are spelled like two words and are one.
BRANDS = """\
paypal macos github gitlab youtube mysql postgresql webos mongodb javascript typescript guardduty pagerduty statuscake
datadog newrelic opsgenie cloudflare cloudwatch cloudfront openai elasticache rabbitmq opensearch elasticsearch sendgrid
hubspot playstation linkedin whatsapp wifi crowdstrike argocd sonarqube graphql dynamodb"""
