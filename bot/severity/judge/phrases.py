"""The general English of incidents: which phrases stand for which signal.

Names of a company's own things are policy and live in `severity.yaml`; these words are the same everywhere. One phrase per
comma; `word*` is any ending, `_` any one word, `a|b` either word. Negations are written as the tokens that
`tokens.read` makes of them: cant, dont, isnt, wont.
"""

from __future__ import annotations

PHRASES: dict[str, str] = {
    # how
    "how.down": """
        no _
        loads|load|reach|answers|opens|moves|possible|approved|accepted|booked|confirmed|delivered|processed|reachable,
        nothing reachable, nothing is reachable, not reachable, isnt reachable, not reaching|coming|arriving, not going
        out, isnt going out, dont go out|through, dont come in|through, dont reach, does nothing, power loss, lost power,
        no power, without power, no successful, zero successful|completed|approved, 0 successful, no _ has been able, no _
        _ _ has been able, no _ _ _ is able, no _ is able, go|goes|went black|dark, are|is black, rings|works|opens|loads
        nowhere, die|dies with, all _ fail|failing, all _ _ fail|failing, most _ fail|failing, locks|lock|locking out,
        power|network|system|service|phones|phone|line|lines|lifts|elevators is|are out, no _ _ works|can|goes|succeeds,
        no _ works, maintenance page, maintenance screen, come back up, isnt back, never came back, dont come back,
        impossible, no _ can, no _ gets|get|goes|works|arrives|leaves|starts|opens, nothing
        leaves|starts|opens|prints|moves, deliver nothing|nothing, delivers nothing, shows nothing, show nothing, turned
        off, switched off, blackout, brick, bricks, bricked, no
        network|power|internet|signal|payment|connection|answer|response, stands still, stand still, unreadable, cant
        anybody, closed to, doesnt answer, dont answer, never came, came without, at zero, dropped by|from, out of order,
        out of service, melted, paralysed, paralyzed, idle, dont ring, dont fire, refuse, refuses, refused, rejecting,
        declining, bounce, bounces, unusable, out for|since|everywhere|again|in, down, dead, died, die, dies, outage,
        unreachable, unavailable, offline, inaccessible, unusable, unresponsive, not responding, stopped working, doesnt
        respond, isnt working, not working, dont work*, wont work, no work, no longer work*, quit working, isnt loading,
        dont load*, wont load, not loading, never load*, not load*, dont open, wont open, not open*, dont start, wont
        start, not start*, never start*, fails to, failed to, failing to, unable to, cant, impossible to, refuses to, fail
        every|each time, fails every|each time, fail for, fails for, all fail*, always fail*, fail hard, fails completely,
        completely broken, broken, broke, busted, borked, hosed, kaput, blank page, white page, blank screen, white
        screen, black screen, empty page, error page*, 5xx, 500, 500s, 502, 502s, 503, 503s, 504, 504s, bad gateway,
        internal server error, service unavailable, gateway timeout, connection refused, refused, econnrefused, no
        healthy, 0 healthy, not one, not a single, nobody can, no one can, noone can, none of, nothing works, nothing
        loads, nothing goes|comes|gets|is|happens, zero orders|payments|logins|results|traffic|requests|events|builds, 0
        orders|payments|logins|results|traffic|requests|events|builds|rows, no
        orders|payments|logins|traffic|sms|mails|emails|messages|notifications|labels|picks|route|routes|results|events|sound|audio|video|data|codes|webhooks,
        rejected, rejects, reject*, declined, declines, decline, denied, locked out, stuck, hangs, hung, frozen, freezes,
        crash, crashes, crashing, crashed, crashloop*, crash loop*, not sent, not sending, not arriv*, dont arriv*, never
        arriv*, not deliver*, dont get, dont receiv*, not receiv*, never receiv*, gets nothing, get nothing, gets nobody,
        isnt sent, isnt being, isnt deliver*, not being sent|delivered|processed|created|generated|triggered|picked,
        kicked, kicks, went dark, lost connect*, no connect*, unplayable, stopped, halted, at a standstill, blocked, cant
        be, wont let, wont boot, isnt accepting, not accepting, unassigned, not available, isnt available, aborts,
        disconnected, disconnects, exhausted, oom, oomkilled, evicted, not ready, dont connect, no dial tone, no signal,
        gone, vanish*, disappear*, missing, taken down, tanked, flatlined, flat line, dropped to 0|zero, fell to 0|zero,
        at 0|zero, suspended, gridlock, all red, dont accept, not process*, isnt process*, dont process, dont print, wont
        print, not print*, dont sync, wont sync, not sync*, dont show, dont appear, not show*, dont update, not updat*,
        isnt updat*, not possible, unhealthy, inoperable, inoperative, wedged, bricked, deadlock*, split brain, panics,
        panicked, segfault*, by hand, on paper, pen and paper, cash only, error for all""",
    "how.partly": """
        intermittent*, sporadic*, sometimes, occasional*, flaky, flapping, flaps, every other, once in a while, now and
        then, at random, random*, some of, some users|customers|people|requests|orders|calls|jobs|players, a few
        users|customers|people|requests|orders|calls|jobs, several users|customers|people, partial*, a fraction, error
        rate, elevated error*, elevated errors, errors, spike*, spikes, spiking, in waves, comes and goes, on and off,
        retry, retries, retrying, second try|time|attempt|click, timeouts, time out*, timing out, timed out, failures,
        failure, fail, fails, failing, failed, failures on, part of, a part of, degrad*, impaired, unstable, instab*, a
        subset, subset of, fraction of, drops, dropping, dropped, disruption, disrupt*, refresh helps, reload helps, one
        of three|two|four|five|our, hit and miss, elevated, issue with, issues with, problem with, problems with,
        exception, exceptions, nullpointerexception, traceback, error, err, some""",
    "how.slow": """
        slow, slower, slowly, slowness, sluggish, latency, latencies, p50, p90, p95, p99, lag, lags, laggy, lagging, takes
        _ seconds|secs|sec|s|minutes|min|mins, takes forever, takes ages, take ages, take forever, taking
        forever|ages|long|longer, takes long*, response time*, load time*, spinner, spinning, spins, buffering, rebuffer*,
        rubber band*, stutter*, crawl*, snail, degraded performance, performance, jitter, choppy, ping, throttl*, instead
        of, creeping, painfully, a minute to load, high load, congest*, fps""",
    "how.delayed": """
        delay*, delays, late, behind, backlog*, queue* up, queued, queueing, queuing, queue depth, queue length, piling
        up, pile up, stale, stalled, iterator age, iteratorage*, consumer lag, replica lag, replication lag, hours
        old|behind|late, minutes old|behind|late, catching up, overdue, waiting, messages in queue, not up to date, out of
        date, outdated, old data, yesterday's data, took hours""",
    "how.wrong": """
        for free, without paying, miscount*, pending, swapped, misread*, odd results, irrelevant results, by mistake,
        mistakenly, inverted, wrong, wrongly, incorrect*, mismatch*, duplicat*, twice, double charg*, charged twice,
        double bill*, doubled, rounding, rounded, off by, miscalculat*, inconsistent, out of sync, inaccurate, garbled,
        mojibake, mixed up, swapped, someone else's, other people's, another customer's, negative, not match*, dont match,
        dont add up, too low, too high, old price*, wrong price*, undercharg*, overcharg*, shows _ instead, still shows,
        misrouted, wrong person|patient|account|customer|address""",
    "how.exposed": """
        mysqldump, outbound, copied out, accessed from, can see and edit, sees the, seed phrase, published by someone, got
        in, exposed, exposes, exposing, leak, leaked, leaks, leaking, leakage, breach, breached, public repo, public gist,
        public bucket, publicly accessible|readable|listable|available, world readable, open to the internet|world,
        committed to, pasted in|into|to, credentials in, secrets in, plaintext, plain text, unauthorized, unauthorised,
        unauthenticated, without auth*, without login, without logging, no auth*, see each other's, see other people's,
        see other customer*, sees other, see someone else's, sees another, sees data of, other tenant*, another tenant*,
        cross tenant, wrong tenant, listable, indexable by, indexed by google, sent to the wrong, phish*, stolen,
        compromised, compromise, hacked, ransom*, malware, exfil*, dumped, for sale, dark web, pastebin, scrap*, data of
        other, each others, idor, someone else's data|orders|profile|account|invoices|inbox, api key in, token in, key in,
        private key, secret key, password in, harvest*""",
    "how.lost": """
        ate the|our|all, restored over, overwritten by, data loss, lost data, lost all, lost the, lost, loses, losing,
        deleted, deletes, deleting, wiped, wipes, wiping, erased, truncated table, dropped table, drop table, dropped the,
        drop database, dropped database, corrupt*, overwrit*, overwrote, unrecoverable, irrecoverabl*, not recoverable,
        irrevers*, purged, purging, removed prod, are gone, is gone, were gone, already gone, rm -rf, destroyed, destroy,
        no backup, no backups, delete from, delete without where, zeroed, missing rows, missing records, vanished from,
        discarded, discards, dropping events, never stored, never written, not stored, not persisted, silently drop*""",
    # for whom
    "reach.everyone": """
        everyone, everybody, every
        user|customer|client|player|tenant|merchant|member|patient|store|region|country|team|order|request|call|page|device|driver|single|site,
        all
        users|customers|clients|players|tenants|merchants|members|patients|stores|regions|countries|sites|warehouses|devices|drivers|orders|requests|calls|shards|zones|azs|locations|probes|shoppers|visitors|branches|tables|wards|hospitals|students|passengers|agents|guests|buyers|our,
        all the users|customers|clients|tills|stores, nobody, no one, noone, no
        user|customer|player|client|order|payment|patient, not one, not a single, not one customer, any
        customer|user|client|tenant, global, globally, worldwide, world wide, company wide, companywide, sitewide, site
        wide, across the board, all over, every country, all countries, all regions, both regions, all three regions, all
        azs, both azs, eu us, none of the, none of our, 100, entire user base|customer base|fleet, whole fleet, each
        customer|user|order|call|request, anyone, anybody, from anywhere, everywhere, all of them, all of it, whole
        country, whole company, total*, completely, complete outage, full outage, all traffic, all payments, all logins,
        all tills, every card, all cards, all in all, across all, throughout, network wide, everything, every time, each
        time, zero""",
    "reach.most": """
        most users|customers|people|players|of, majority, the bulk of, nearly all|every*|everyone, almost
        all|every*|everyone|nobody, two thirds, three quarters, half of, half the, about half, roughly half, a half""",
    "reach.many": """
        many users|customers|people|players|clients|reports|of, many, lots of, a lot of, thousands, hundreds, dozens,
        support is flooded, tickets, flood*, reports coming, complaints, a third, a quarter, one third, phones ring*,
        lines are""",
    "reach.region": """
        region, eu, europe, emea, apac, us east, us west, eu west, eu central, latam, dach, uk, us, usa, germany, german,
        france, french, brazil, brazilian, india, japan, japanese, china, spain, italy, poland, canada, australia, mexico,
        nordics, sweden, norway, denmark, netherlands, belgium, ireland, singapore, korea, turkey, africa, asia, midwest,
        east coast, west coast, london, berlin, paris, country, countries, hub, plant, campus, in one region, single
        region, scandinavia, switzerland, austria, portugal, argentina, chile, dubai, one az, availability zone, one zone""",
    "reach.group": """
        android, ios, iphone*, ipad*, safari, firefox, chrome, edge, windows, macos, linux, smart tv*, tvs, tizen, webos,
        roku, xbox, playstation, switch, new users|customers|accounts|signups, guest*, enterprise, premium*, free tier,
        trial users, b2b, merchants, partners, resellers, sellers, drivers, couriers, teachers, students, nurses, doctors,
        members, subscribers, on version, mobile users, desktop users, app users, older devices|versions, fleet, all
        wards, tenants, business customers, landlords, agents""",
    "reach.some": """
        some users, some customers, some people, some of, a few, several, handful, couple of, couple, certain, a subset,
        subset, few, some""",
    "reach.few": """
        edge case, rare, rarely, very few, hardly anyone, corner case, once a month, only if, only when, two users, 2
        users, three users, 3 users, 0.1, 0.2, 0.3, under 1, less than 1, one in a thousand, handful of users""",
    "reach.one": """
        a colleague, one user, one person, a user, single user, one player, a player, one of our users, one guy, just me,
        only me, for me, my, i cant, me, i get, for myself, her laptop, his laptop, one machine, one laptop, a coworker,
        one employee, one driver, a teacher, one agent, one tester, single person, one ticket, one report""",
    "reach.customer": """
        a customer, one customer, single customer, one client, a client, one tenant, single tenant, a tenant, one
        merchant, a merchant, one account, one store, one branch, one shop, one hospital, one school, one site, one
        school, one clinic, one of our customers, a mid size customer, one partner, a partner, one team, one department,
        one warehouse, one restaurant, one hotel, one plant, one location, one lane, one till, customer says, one big
        customer, our biggest customer, largest customer, one host, one node, one pod, one instance, single
        node|host|pod|instance, one shard, one worker, one replica""",
    "reach.staff": """
        internal, internally, staff, employees, remote employees, colleagues, engineers, engineering, devs, developers,
        ops team, finance team, marketing team, sales team, support team, hr, finance, accounting, backoffice, back
        office, agents, analysts, data team, nobody outside, customers not|unaffected|fine, no customer impact, no user
        impact, no client impact, not customer facing, customers dont notice, customer impact none, only us, only we, our
        team, the team, qa team, designers""",
    "reach.nobody": """
        no impact, no user impact, no customer impact, no effect, zero impact, no one affected|noticed|impacted, nobody
        affected|noticed|impacted|complained|hurt, no visible, not visible to, without impact, no harm, harmless, no
        functional, functionally fine, impact none, no users|customers affected|impacted, not affecting, doesnt affect,
        dont affect, no complaints, no tickets, never used, unused, nobody uses, no customers yet, not user facing, no
        action needed, no urgency, not urgent, low priority, lowprio, nice to have, when you have time, whenever, no rush,
        minor, trivial, nit, tiny, small thing, cosmetic, just cosmetic, purely visual, fyi""",
    "share.most": """
        most _ fail|failing, half of, half the, half our, two thirds, three quarters, most of our|the|all, the majority,
        every second payment|request|order|call|login|user|customer, seven of ten, nine of ten, nearly all, almost all""",
    "share.many": """
        a third, one third, a quarter of, one quarter, third of, forty percent, thirty percent, two of five, one in three,
        one in four""",
    "share.some": """
        one in ten|twelve|fifteen|twenty|thirty, every tenth, a few percent, five percent, ten percent""",
    # where
    "where.elsewhere": """
        staging, stage, stg, dev, dev env, dev environment, test env*, test environment, test system, testing env*, qa,
        uat, preprod, pre prod, preproduction, pre production, sandbox, demo, demo env*, demo tenant, preview, preview pr,
        ci, local, localhost, my machine, playground, poc, lab env*, test lab, in the lab, integration env*, canary,
        nonprod, non prod, non production, perf env*, loadtest env, beta, training env*, training system, feature branch,
        ephemeral, internal preview, dummy""",
    "where.production": """
        prod, production, live, in prod, live site, live system, customer facing, main writer, real users, real customers,
        live traffic""",
    "where.vendor": """
        vendor, vendors, provider, upstream, third party, 3rd party, aws, gcp, azure, cloudflare, fastly, akamai, twilio,
        sendgrid, mailgun, stripe's, stripe says, adyen's, okta's, their status page, on their side, their side, their
        end, supplier, carrier, telco, isp, partner bank, the bank, acquirer, github, google, microsoft, apple, openai,
        datadog, salesforce, hubspot, zendesk, maps provider, their api""",
    # dangers, cost, backup, security
    "danger.word": """
        going to fail|crash|stop|die|break, expires, expiring, expire, expiry, expired, will be full, will fill, fills up,
        filling up, filling, full in, runs out, run out, running out, running low, almost full, nearly full, wraparound,
        exhaust*, about to, will stop, stop working, will break, days left, hours left, minutes left, min left, left
        before, before it, headroom, at this rate, at the current rate, until full, deadline, cutoff, due today, due
        tonight, end of life, eol, sunset, will hit, limit reached soon, approaching, climbing, growing by, quota,
        critical level""",
    "danger.now": """
        any moment, expires|ends at, runs out at, tonight, in _ minutes|min|mins, in _ hours|hour|h, within the hour,
        within an hour, this evening, by noon, today, at midnight, before midnight, in an hour, in half an hour, in under
        an hour, tomorrow, tomorrow morning, hours left, minutes left, min left, by the end of the day, eod, this
        afternoon, before the market opens, by morning, any minute, soon""",
    "danger.later": """
        in _ days, in _ weeks, next month, next week, in a month, in three weeks, days left, weeks left, next quarter,
        next year, in december, in january, end of the month|quarter|year, by q1|q2|q3|q4, in _ months""",
    "danger.disk": """
        disk, volume, data volume, storage, filesystem, partition, tablespace, inodes, wal, pvc, ebs, quota, disk space,
        free space, root fs, disk usage, iops""",
    "cost.word": """
        daily, quadrupled, tripled, doubled, tenfold, data transfer, credits, pay for, spend, spending, cost, costs, aws
        bill, cloud bill, bill, budget, cost anomaly, spend anomaly, a day more, per day, a month, a day, an hour, nat
        egress, egress, invoice from aws, wasted, overspend, burn, per hour, oversized, idle instances, unused""",
    "backup.word": """
        backup, backups, snapshot, snapshots, restore test, pitr, point in time, standby, failover replica, dr site,
        disaster recovery, dr, wal archiv*, archive job, retention, replication broken, replica broke, replication
        stopped, replica stopped, no redundancy, redundancy, dump job, pg_dump, secondary""",
    "backup.also": """
        and its backup|backups|standby, and the backup|backups|standby, and backup|backups|standby, backup|backups|standby
        too, as well as the backup|backups|standby""",
    "security.running": """
        still inside, domain admin, while we talk|speak, one after another, minute by minute, taken over, takes over,
        keeps deleting, being deleted, being copied, being downloaded, being dumped, still running, right now, still
        going, keeps going, ongoing, ransom*, encrypting, encrypted files, bitcoin, exfil*, still active, still connected,
        still accessible, still public, still open, still live, being used, as we speak, actively, in progress, still
        downloading, spreading, lateral movement, crypto miner, mining, root shell, reverse shell, defaced, dump for sale,
        at this moment, currently being, still valid, not revoked, still being""",
    "security.sign": """
        crypto mining, cryptominer, coin miner, crypto miner, unknown session|user|person|login, strange process, left
        open, somebody accessed, someone accessed, was accessed, unknown process, stranger, someone unknown, break in,
        break-in, moves valves, suspicious, unusual login*, unknown ip*, unknown host, strange login*, credential
        stuffing, brute force, bruteforce, ddos, dos, botnet, bots, flood, syn flood, attack, attacker, attackers,
        intruder, intrusion, hacker, hackers, soc, siem, guardduty, unknown device, unknown admin, new admin user,
        impossible travel, account takeover, ato, hijack*, signed in as, logged in as, phishing, c2, beacon*, backdoor,
        web shell, webshell, injection, sqli, xss, rce, cve*, vulnerab*, privilege escalation, impersonat*, spoof*, card
        testing, fraud*, stolen laptop, lost laptop, insider, tampered, malicious, trojan, supply chain""",
    "security.personal": """
        customer data, personal data, pii, phi, ssn, passport*, medical records, health records, patient data, card
        numbers, card data, pan, cvv, credit card numbers, email addresses, e-mail addresses, addresses, names, phone
        numbers, passwords, password hashes, salaries, bank details, iban*, user records, customer records, customer
        names, invoices, profiles, customer profiles, user table, users table, order history, private messages, gdpr,
        photos, kyc, dpo, prod db, database dump, customer database, customer db*""",
    "security.contained": """
        revoked, rotated, disabled, closed it, fixed now, blocked now, taken down, no access in the logs, no access seen,
        no sign of, no signs of, no evidence of, nothing in the logs, contained, isolated, removed it, already blocked,
        reset my password, reset the password, wiped remotely, was blocked, all blocked, waf blocked, waf blocks, no one
        got in""",
    "security.low": """
        low severity, rates it low, rated low, informational, header is missing, missing header, x-frame-options, hsts,
        csp, bug bounty, pentest*, pen test, never used, scanner found, security scan, dependabot alert, outdated library,
        dev dependency, version banner, self xss, low risk, no exploit, theoretical, best practice, spf, dmarc, dkim,
        cookie without, password policy, expired key, unused key, unused account, inactive, trivy, npm audit, tls 1.0,
        weak cipher*, disclosure report, no pii, no customer data, test data, fake data, dummy data""",
    # against trouble
    "fine.works": """
        successful, succeeded, passed, 0 failed, no failures, quiet, ready, baseline, works, work, working, fine, ok,
        okay, unaffected, untouched, normal, normally, healthy, not affected, not impacted, isnt affected, isnt impacted,
        go through, goes through, going through, serving, is up, are up, still up, holding, stable, unimpacted, okayish,
        good, not involved, no problem, no problems, no issue, no issues, succeeds, succeed, operational, as usual, as
        expected, alive, complete|completes fine, not down, isnt down, isnt dead, not an outage, isnt an outage, nothing
        is down, no outage, all well""",
    "fine.around": """
        workaround, work around, manually, by hand, refresh helps, reload helps, retry works, works on retry, second try
        works, works the second time, works second time, on second attempt, after a retry, after retry, after refresh,
        comes through eventually, eventually, fallback, falls back, fall back, failover worked, can still, still possible,
        can use, via the web, instead use, comes back by itself, self heals, recovers by itself, reconnect*, absorbed,
        absorbs, in the end, finally arrive*""",
    # not a report
    "kind.drill": """
        on purpose, pretend, game day, drill, game day, gameday, fire drill, exercise, chaos day, chaos test, chaos
        experiment, chaos monkey, tabletop, simulation, simulated, simulate, load test, loadtest, stress test, failover
        test, dr test, dr drill, dr exercise, pen test window, rehearsal, dry run, test alert, test alarm, test page, test
        message, please ignore, ignore this, ignore the alert*, ignore alerts, just a test, only a test, this is a test,
        testing the pager, synthetic incident, wheel of misfortune, planned test, soak test, expected alerts, expect
        alerts, expect red, expect noise, testing 1 2, testing testing, wont be real, not real, isnt real, phishing
        simulation""",
    "kind.denied-drill": """
        not a drill, isnt a drill, no drill, this isnt a test, not a test, not an exercise, this isnt one, this is real,
        for real, no exercise, isnt an exercise, no gameday, not a gameday""",
    "kind.update": """
        update on inc*, update _ on, update on, next update, eta, investigating inc*, inc handover, ic handover, handover,
        handing over, taking over as ic, i'm ic, am ic, taking ic, i'll take ic, taking lead, status update, still
        investigating, continue to monitor, rolling back now, rollback in progress, rolling back, fix deployed, hotfix
        deployed, root cause found, root cause identified, mitigation applied, mitigation in progress, failover in
        progress, same incident, as above, same as above, same as inc*, already in inc*, duplicate of, dup of, inc-*,
        incident channel, war room, bridge, joined the bridge, scribe, next comms, action items, timeline:, statuspage
        updated, status page updated, comms sent, declared, downgrading to, upgrading to, severity changed, escalated to,
        on it, i'm on it, looking into it, looking at it, acknowledged, acked, paged, tracking in, tracked in, follow up
        in, thread, known issue, already known, already reported, as discussed""",
    "kind.recovered": """
        recovered, recovery, recovering, resolved, service restored, was restored, is restored, are restored, been
        restored, fully restored, restored now, restored at, fixed, solved, back up, back to normal, back online, is back,
        are back, all green, all clear, cleared, green again, up again, works again, working again, fine again, normal
        again, ok again, healthy again, no longer failing, false alarm, false positive, closing, closed, can close, was a
        blip, blip, just a blip, self resolved, resolved itself, went away, gone now, queue drained, backlog drained,
        drained now, caught up, stabilized, stabilised, mitigated, back to baseline, ended, over now, all good, looks good
        now, everything up, [resolved], [recovered], [ok], recovered:, resolved:, closed:, no further impact, stable now,
        was caused by, was due, lasted, alert lasted, nevermind, never mind, my bad, nvm, pebkac, user error""",
    "kind.maintenance": """
        maintenance, planned, scheduled, maintenance window, downtime planned, planned downtime, scheduled downtime,
        upgrade window, will be upgraded, will be down for, will be unavailable, will be restarted, no action is required,
        no action required, change request, chg*, change freeze, code freeze, migration tonight, migrating tonight,
        patching, patch night, announcement, heads up, reminder, we will, we'll, deploy window, cutover, planned work,
        expect brief, brief interruption, decommission*, brown out, brownout""",
    "kind.past": """
        remember the time, last quarter, quarterly numbers, years ago, in hindsight, lessons from, last week, last month,
        last year, yesterday's, post mortem, postmortem, retro, retrospective, pir, rca, review meeting, lessons learned,
        write up, writeup, blameless, last night's, the outage last, the incident last, back in, in
        2019|2020|2021|2022|2023|2024, years ago, that time, remember when, same as last, incident review, monthly
        figures, last quarter, sla report, error budget review""",
    "kind.learning": """
        webinar, training, quiz, workshop, tech talk, a talk, talk about, talk on, conference, meetup, podcast, article,
        blog post, the book, a book, this book, course on, onboarding session, lunch and learn, recording available,
        slides, new hire, new joiner, runbook, playbook, wiki page, guide, certification, read this, interesting read,
        tutorial, newsletter issue, hiring, interview, job opening, open position*, survey, hackathon, register here, rsvp""",
    "kind.draft": """
        previous instructions, as your verdict, as your answer, your verdict, you are now a, system prompt, respond with,
        answer with, draft, template, wording, pls review the, please review, review the wording, proofread, proposed
        text, for example, e.g, placeholder, lorem ipsum, hypothetical, hypothetically, suppose, imagine, what if, let's
        say, would be, would we, if we, in theory, if the, in case, copy for, pr for, ticket for, wdyt, thoughts on,
        opinions, rfc, proposal, proposing, an idea, the idea, good idea, nice idea, crazy idea, great idea""",
    "kind.request": """
        can you, could you, can somebody, can someone, could somebody, could someone, can anyone, please add, please give,
        pls add, please grant, need access, give me access, access to, request access, approve, approval, review my,
        review please, pr review, please merge, lgtm, can i get, may i, i'd like, we'd like, i need a, need a, looking
        for, anyone know*, does anyone, has anyone, any idea*, anyone else, anybody else, is it just me, who is, who's,
        who has, who owns, who can, where is, where's, where do, where can, how do, how to, how can, how does, how long,
        how many, how often, what is, what's, what are, what does, when is, when will, when do, which channel, why do we,
        why is the, is there, are there, are we, do we, did we, did anyone, did you, does somebody, should we, should i,
        shall we, is it ok, is it possible, was there, have we, is this, swap shifts, swap on call, cover my shift, on
        call, oncall, on call rota, rotation, vacation, pto, reminder""",
    "kind.social": """
        thanks, thank you, thx, ty, cheers, kudos, great job, well done, nice work, good work, congrats, congratulations,
        happy, birthday, welcome, good morning, morning all, good night, gm, lol, haha, hehe, rofl, lunch, coffee, cake,
        pizza, weekend, beer, party, enjoy, see you, bye, brb, afk, wfh, ooo, sick today, off today, running late, all
        hands, standup, sprint, demo day, team event, parking lot|spot|space, hello all, hi all, hi everyone, love it,
        awesome, nice, cool, sounds good, agreed, same here, yep, yes please, sure, done, got it, makes sense,
        interesting, good point, +1, np, no worries""",
    "kind.deploy": """
        report ready, flag off, flag on, toggled off, nightly tests, smoke test, deploying, deploy of, deployed,
        deployment started, deployment finished, deploy finished, released, release _ is out, shipping, shipped, merged,
        merging, rolled out, rolling out, rollout, starting rollout, flag, feature flag, toggled, enabled, canary at,
        canary looks, promoted, bumping, bumped, bump, version, build passed, build succeeded, pipeline passed, pipeline
        green, ci green, tests pass, all green, scaled up, scaled down, scaling up, new version, went out, is live, is
        live now, go live, launch*, turned on, cut the release, tag, tagged""",
    # alarms
    "alarm.firing": """
        alarm, [firing], firing, alert, alerting, triggered, threshold crossed, threshold, critical, problem, crit, sev1,
        sev2, newstatevalue alarm, ok -> alarm, monitor, datapoints, severity critical, [critical], [alert], [warning],
        warning, warn, pagerduty, nagios, prometheus, datadog, cloudwatch, alertname, sentry, pingdom, uptime, statuscake,
        newrelic, new relic, opsgenie, zabbix, grafana alert, check failed, probe, probes, synthetic, synthetics, canary
        failed, burn, error budget""",
    "alarm.ok": """
        newstatevalue ok, new state value ok, alarm ok, newstatevalue ok, alarm -> ok, alarm to ok, [recovered],
        [resolved], [ok], status resolved, recovery:, resolved:, recovered:, were not greater than, was not greater than,
        were not less than, was not less than, state ok, returned to ok, is now ok, back to ok, up alert, is up again,
        monitor is up""",
    # degree
    "degree.hedge": """
        maybe, might, may, perhaps, possibly, probably, seems, seem, looks like, i think, not sure, unsure, could be, kind
        of, apparently, suspect, guess, somehow, weird, weirdness, strange, funny, odd""",
    "degree.calm": """
        just, only, little, slightly, slight, a bit, bit, small, short, brief, briefly, once, single""",
    "degree.loud": """
        help, urgent, asap, emergency, now, panic, omg, wtf, sos, mayday, serious, critical, immediately, disaster, hurry,
        fire, on fire, terrible, horrible, broken help""",
    "degree.since": """
        since, ago, started, after the deploy, after deploy, after the upgrade, right after, after the release, after
        update, for the last, in the last, past hour, this morning, minutes now, all day, for hours, just now, began""",
    "degree.reported": """
        customers report, users report, users complain, complaints, customers complain, customers calling, tickets,
        support gets, support says, phoned, called, emails from, twitter, reddit, discord, social media, told us,
        downdetector, confirm, confirmed, reproduced, can reproduce, i checked, tried""",
    "degree.success": """
        success rate, success ratio, success, successful, availability, uptime, apdex, conversion, hit rate, pass rate,
        acceptance rate, auth rate, authorization rate, delivery rate""",
    "degree.negative": """
        dont, isnt, wont, cant, hasnt, nothing, no longer, never, without, nobody, none, neither, no, not, zero""",
    "degree.talk": """
        you, your, you're, you'd, i think, i guess, btw, actually, well, yeah, yes, hmm, imo, maybe, let's, we should,
        i'd, i'll, i've seen, i suppose, ah, oh, hey, sure, please, that's, it's by design, by design, in general,
        usually, normally you, basically, probably, thanks, if you, you can, you have to, you need, you should, sounds
        like, i mean, i'm not sure, tbh, afaik, iirc""",
    "degree.code": """
        function, method, class, compiler, syntax, variable, library, crate, package, struct, type, macro, array, string,
        pointer, parser, regex, loop, argument, parameter, extension, source code, branch, commit, patch, upstream, trunk,
        rebase, docs, documentation, spec, manual, tutorial, api key in the, code, compile, php, python, rust, javascript,
        html, ubuntu, kernel, gcc, npm install, composer, localhost, tests, unit test, sdk, json, yaml, header, struct,
        enum, generic""",
    "degree.meeting": """
        meeting, agenda, minutes, action item, volunteer, next item, topic, vote, discuss, discussion, sprint, spec,
        blueprint, milestone, schedule, propose, any other business, chair, adjourn*, mailing list""",
    "degree.vital": """
        patients, ambulance, emergency calls, 911, 112, icu, hospital, dispensing, medication, insulin, infusion, safety,
        evacuation, alarm centre, life, trains, signalling, airport, flights, planes, grid, power plant, surgery,
        ventilator*, dosage, allergies, allergy, blood""",
    "degree.users": """
        users, customers, clients, people, players, visitors, members, patients, merchants, tenants, shoppers,
        subscribers, accounts, employees, students, drivers, passengers, guests, orders, payments, requests, sessions,
        devices""",
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
