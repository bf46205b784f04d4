/** Help pages about money: automatic top-ups, and payments in general. */

/** `credits help topup` */
export const TOPUP = `AUTOMATIC TOP-UPS

  $ credits card add
  $ credits topup set --threshold 100 --amount 500 --monthly-limit 50
  $ credits topup enable

Whenever the available credits fall below the threshold (what is held counts as
gone), the amount is bought on the saved card. The amount is a sum of packages
and costs the lowest total price of any mix of them. The credits arrive together
with the confirmed payment, never before it.

When      Right after a command that lowered the balance, once its own output is
          written; in the background of \`credits serve\`; and by \`topup run\`, for
          cron. --no-topup leaves it out for one command. It never makes a spend
          fail. A monthly grant that is due is booked first.
How much  One attempt per account at a time. The monthly limit is a sum of money
          per calendar month in the account's time zone; payments under way
          count. A purchase that would pass it is left out, not made smaller.
          Refunds give no room back, and manual purchases do not count. A limit
          below one purchase is refused.
Consent   Setting a policy charges nothing while it is off. Enabling it below
          the threshold charges at once: it says how much and asks (or --yes).
          Buying a package never switches top-ups on.

\`credits topup show\` tells the state, the first of these that applies:

  off           switched off, by you or after refused charges: see its reason
  no_card       no saved card: \`credits card add\`
  needs_action  the bank wants the card holder: open the pay link
  in_flight     an attempt is under way, or its outcome is not known yet
  cooling_down  waiting after a declined charge: 1 hour, then 6; the third
                refusal in a row switches top-ups off
  limit_reached the next purchase would pass the monthly limit
  due           below the threshold, and nothing in the way
  ready         nothing to do

A card that is lost, stolen or expired switches top-ups off until another one is
saved. A payment whose outcome is unknown is looked up at the provider, never
charged again; until then nothing else is bought. \`credits topup history\` lists
every attempt.`;

/** `credits help payments` */
export const PAYMENTS = `PAYMENTS

Test and live. A ledger is made in test mode, or with \`credits init --live\` in
live mode, for ever. Test keys in a live ledger and live keys in a test ledger
are refused (mode_mismatch). In test mode without a key, payments are simulated
inside the program, and every command that would have charged says so:

  $ credits card add pm_card_visa
  $ credits buy 500 --yes

Keys. STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET come from the environment or a
file that you alone can read; never from the command line.

Buying. \`credits packages\` lists what there is. \`credits buy 500\` says what it
will charge to which card and asks; without a terminal it needs --yes. With
--max-charge 5.00 nothing is charged when the price is higher. With --checkout
you get a link to pay instead. Purchased credits never expire and burn last.

Cards. \`credits card add\` opens a page of the provider and waits. Only the
brand, the last four digits and the expiry are kept here, never a number.

Unknown outcomes. When an answer is lost, the purchase is \`unknown\` and the
command ends with 75. \`credits payments sync\` asks the provider what became of
it. Nothing is charged twice, and nothing new is bought until it is settled.

Refunds and disputes. A refund takes back the same share of the credits it
bought: first what is left of them, then other purchased credits; what is
already spent becomes debt, which blocks new calls until a grant repays it.
Top-ups are switched off then. A dispute that you win gives the credits back.
What \`revoke\` takes of a purchase counts: nothing is taken twice.

The books. \`credits purchases\` lists every purchase. \`credits payments audit\`
compares the provider's books with the ledger and ends with 7 on a difference.

Subscriptions. Where a plan is paid through the provider, a month's credits come
with its paid invoice; elsewhere the clock and \`credits cycle rollover\` grant
them. Top-ups: see \`credits help topup\`.`;
