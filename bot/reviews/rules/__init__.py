"""The post-incident review (PIR) as a document of facts: who did what when, what is missing, what figures say.

Purpose: `messages.drafting` turns the facts of one incident into a `Review`, `messages.renderings` that into Markdown
or facts for Slack. Neither invents: a line is recorded, asked for, or derived from figures and marked as derived.
Source of the sections: post-incident procedures of the incident response runbook 3.2.

All text in a `Review` is plain: nothing in it is escaped yet, and every renderer escapes all of it.
"""
