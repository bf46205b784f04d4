/** Help pages about the machine that the program runs on: its environment, and what to run by the clock. */

/** `credits help environment` */
export const ENVIRONMENT = `ENVIRONMENT

Flags beat the environment, the environment beats the configuration file. An
empty variable is not set.

  CREDITS_DB         the ledger: a path, or a postgres:// URL (--db)
  CREDITS_REMOTE     URL of a ledger served by \`credits serve\` (--remote)
  CREDITS_TOKEN      access token for it; else the one \`credits login\` stored
  CREDITS_ALLOW_HTTP 1: that token may travel over http to another machine
  CREDITS_ACCOUNT    the account (--account)
  CREDITS_MODEL      the model, where -m is not given
  CREDITS_PROFILE    a profile of the configuration file (--profile)
  CREDITS_NOW        the clock, for tests and back-fills (--now)
  NO_COLOR           no escape codes; wins over FORCE_COLOR
  FORCE_COLOR        escape codes also where stdout is no terminal
  CI                 never ask anything
  PGPASSWORD         password of a PostgreSQL ledger; else PGPASSFILE names a
                     file of passwords (~/.pgpass)
  PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE
                     what the postgres:// URL of a ledger leaves out

  STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET
                     keys of the payment provider; several webhook secrets,
                     comma separated, while one replaces another
  STRIPE_PRICES      prices of plans sold as subscriptions, by their plan:
                     pro=price_1,team=price_2
  STRIPE_RETURN_URL  where a browser goes after a page of the provider
  STRIPE_API_BASE    another address of the provider, for tests

  ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY or GOOGLE_API_KEY
                     read by \`credits estimate --exact\` alone, which asks the
                     model's provider to count; nothing else sends a prompt out
  ANTHROPIC_BASE_URL, OPENAI_BASE_URL, GEMINI_API_BASE
                     other addresses for that
  OPENROUTER_MODELS_URL
                     where \`credits models sync\` fetches its list
  CREDITS_DEBUG      1: where in the program an unexpected failure happened

Secrets never come from the command line: every process list shows it. A
password in --db is refused; put it into CREDITS_DB, PGPASSWORD or a passfile.

FILES

  $XDG_DATA_HOME/credits/ledger.db     the ledger (~/.local/share/credits)
  $XDG_CONFIG_HOME/credits/config.json settings (~/.config/credits)
  $XDG_CONFIG_HOME/credits/stripe.env  STRIPE_... variables, a line NAME=value
                                       each, for cron and services (chmod 600)
  $XDG_CONFIG_HOME/credits/credentials.json
                                       what \`credits login\` keeps (chmod 600)

config.json is one object, everything in it optional:

  {
    "account": "acme", "model": "haiku", "profile": "home",
    "profiles": {
      "home": { "db": "~/credits/home.db" },
      "work": { "remote": "https://credits.example", "token": "...",
                "account": "build" }
    }
  }

"db", "remote", "token", "account" and "model" may stand at the top, for every
profile, and in a profile, where they win. A profile that names a ledger (db or
remote) replaces the one at the top. "profile" is the one used unless --profile
or CREDITS_PROFILE names another. (\`credits simulate --profile\` is the kind of
run: set CREDITS_PROFILE there.) An unknown setting is an error. A path is
absolute or starts with ~/. A token, or a password in db, is only taken from a
file that you alone can read (chmod 600), and a token goes to the remote ledger
beside it and to no other.

The ledger and its side files can be read by you alone (0600, folders 0700).`;

/** `credits help cron` */
export const CRON = `WHAT TO RUN BY THE CLOCK

Balances are right without any of this: credits expire by the clock, and no read
or spend sees an expired lot. These jobs make things happen that nobody asks
for, or say what nobody would notice:

  cycle rollover --all   books what expired, grants the month that began
  expire --all           books lapsed lots and holds; no balance waits for it
  topup run --all        makes top-ups that are due
  payments sync          settles payments under way with the provider
  payments audit         compares the provider's books with the ledger; exit 7

Each may run at any time, twice, or at once on two machines: each month is
granted once, each top-up charged once. With -q they print nothing when nothing
changed, so cron sends no mail; the audit alone always says what it found.

cron has a small PATH, perhaps no HOME, and none of your shell's variables:
write absolute paths (\`command -v credits\` tells) and name the ledger.

  # crontab -e
  CREDITS_DB=/var/lib/credits/ledger.db
  7 * * * *     /usr/local/bin/credits cycle rollover --all -q
  20 3 * * *    /usr/local/bin/credits expire --all -q
  */10 * * * *  /usr/local/bin/credits topup run --all -q
  */5 * * * *   /usr/local/bin/credits payments sync -q
  0 6 * * *     /usr/local/bin/credits payments audit -q

The folder examples/ops of the repository has all of this, and a nightly backup,
as files to copy.

If the launcher does not find Node.js under cron's PATH, add a line such as
PATH=/usr/local/bin:/usr/bin:/bin above. A secret key for payments belongs into
stripe.env in the configuration folder (\`credits help environment\`), which only
the job's user can read, not into the crontab. Without HOME, say where that is:
XDG_CONFIG_HOME=/etc means /etc/credits/stripe.env.

The same with systemd, as /etc/systemd/system/credits-rollover.service:

  [Unit]
  Description=Grant and expire monthly credits

  [Service]
  Type=oneshot
  User=credits
  Environment=CREDITS_DB=/var/lib/credits/ledger.db
  ExecStart=/usr/local/bin/credits cycle rollover --all -q
  SuccessExitStatus=75

and credits-rollover.timer beside it:

  [Unit]
  Description=Grant and expire monthly credits every hour

  [Timer]
  OnCalendar=hourly
  Persistent=true
  RandomizedDelaySec=120

  [Install]
  WantedBy=timers.target

  # systemctl enable --now credits-rollover.timer

Persistent=true catches up a run that was missed while the machine was off. 75
means "busy, try again later", and the next run does. For \`topup run\` leave
SuccessExitStatus out: there 75 can be a payment whose outcome is not known yet,
which someone should see. Exit code 8: some accounts failed, the others are
done.`;
