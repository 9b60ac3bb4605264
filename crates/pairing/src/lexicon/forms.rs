//! Standing forms of rules texts: sentences whose meaning is known whole, and phrases inside the sentences that say when
//! Yes pays.
//!
//! One form a line. A word stands for itself, `a|b` for either, `?a` may be left out, `?a|b` too. `*` stands for one to
//! 32 words of which none turns a sentence round (see [`TURNS`]): names, dates, sources. Marks and case count for
//! nothing, and a possessive `s` is left out (`market's` is `market`). A sentence that no form fits is not understood, and a pair that rests on it is not proved: a line that is
//! missing here costs recall, one that is too wide costs money. So a line says a whole sentence, and a star stands only
//! where venues put a name.
//!
//! Source: sentences of recorded markets (the Polymarket catalogue of 2026-03-11, Kalshi events of 2026-03-01).

/// Sentences that say where the result comes from.
pub(crate) const SOURCES: &str = "
?the ?this ?market ?primary ?official resolution source|sources ?for ?this ?market is|are|will ?be *
the resolution source for this market will be the first ?official announcement of the results from the *
resolution will be based on official * statistics|results
the ?primary resolution source for this market is the official statistics of the event as recognized by the governing body or event organizers
outcome sourced from the ?the relevant governing body or event organizer
";

/// Sentences that change no ordinary outcome beyond what clauses, dates, sources and stations already compare.
pub(crate) const SENTENCES: &str = "
otherwise this|the market will resolve|settle to no
otherwise this|the market resolves to no
otherwise it will resolve to no
?however a|an ?overwhelming consensus of credible ?media|sports reporting may|will ?also be used|suffice ?instead ?to ?resolve ?the|this ?market
however if * has|have not published final ?match results|statistics within * hours after the event conclusion a consensus of credible reporting may be used instead ?including ?video ?evidence
please see full rules for more details
if the|this game|match|event|fight is postponed this market will remain open until the game|match|event|fight has been completed
if the|this game|match|event|fight is canceled|cancelled entirely with no make up game|match|event|fight this market will resolve 50 50
the result will be determined based on the final score including any overtime periods ?and ?shootouts
the entire game including all overtime periods will be considered
if the|this game|match is canceled|cancelled entirely with no make up game|match this market will resolve ?to no
if the|this game|match is canceled|cancelled entirely with no make up game|match or ends in a tie this market will resolve 50 50
if the game|match is postponed or delayed the market will remain open and close after the rescheduled game|match has finished within two days
if no nominee|winner is announced by * this market will resolve to other
if the result of this election isnt known by * the|this market will resolve to other
overtime counts
overtime periods count ?including ?overtime
if the game|match|event is canceled|cancelled this|the market ?will resolve|resolves 50 50
only the first 90 minutes plus stoppage time count|counts
this market refers only to the outcome within the first 90 minutes of regular play plus stoppage time
the game|match is scheduled for *
the following market refers to the * game|match originally scheduled for *
the following market refers to the * game|match originally scheduled for * after 90 minutes plus stoppage time does not include extra time or penalties
if the game|match ends in a tie the market called tie resolves to yes
if the game|match|event is cancelled|canceled or rescheduled to over two weeks away the market will resolve to a fair price in accordance with the rules
an announcement of * resignation ?or removal before this|the market|resolution ?end date will immediately resolve this market to yes regardless of when the announced resignation ?or removal goes into effect
an announcement of * resignation|removal ?or ?removal ?before ?this|the ?market ?end ?date will|resolves ?immediately ?resolve this market to yes ?at ?once
?note ?that an announcement of * resignation ?or removal before this|the market|resolution ?end date will suffice to resolve this market to yes regardless of if ?when he|she|they actually steps|step down
an official announcement means a statement by the person themselves their authorized representative or the official body governing the office that the person will be departing from the office
such announcements must be reported by at least one source agency to be considered official
the announcement must not specify they are leaving in more than a year from the statement in which case the market does not resolve to yes
leaving office means the person no longer holds the office in any capacity including but not limited to resignation effective termination removal impeachment and removal recall or the expiration of their term without renewal
temporary absences such as medical leave suspension with possibility of return or delegation of duties while retaining the office do not constitute leaving office
death does not satisfy the payout criterion for this contract
if he|she|they dies|die ?in ?office this|the market will resolve to no
if the person dies ?in ?office this|the market will resolve to no
if * dies ?in ?office this|the market will resolve to no
if he|she|they dies|die the market settles|resolves at|to the last ?fair ?traded ?market price before ?the death
if the person dies the market settles|resolves at|to the last ?fair ?traded ?market price before ?the death
forced departures termination impeachment and removal etc satisfy the payout criterion even without a prior announcement
if * departs from office before the expiry date the|this market should|will resolve immediately
if this|the event occurs the market will close *
this market will|may close and expire early if the|this event occurs
if at any point it is|becomes impossible for * the ?corresponding|relevant|associated market will|may ?immediately resolve ?immediately to no
if at any point it is|becomes impossible for * this market will|may ?immediately resolve ?immediately to no
if it becomes impossible for * to win this|the market resolves to no ?at ?once
written for the demo not the venue text
this market will resolve to no if it becomes impossible for this team|player|candidate to win the * based off|on the rules of the *
if it becomes impossible for this|the team|player|candidate to win ?the ?* based off|on the rules of the * this market will resolve to no
if the listed player is not announced as a finalist for the * this market will resolve to no
if a film|actor|actress|director|song is not officially nominated for the * when the * nominees are announced the corresponding market will immediately resolve to no
if this|a|the ?listed player|team is eliminated from contention for * based on the official rules of the tournament the relevant market will ?immediately resolve to no
this is a polymarket to predict which|who|whether *
this is a polymarket on whether *
any replacement of the nominee|nominees before election day will not change the resolution of the market
in the event|case of a tie ?between ?* this market will resolve according to the official winner|leader as determined by *
in the event|case of a tie ?between ?* this market will resolve according to the tiebreak procedure used by *
if multiple winners are announced then this market will resolve to the player whose listed last name comes first alphabetically
if the * is|are cancelled|canceled postponed after * or there is otherwise no winner|leader declared within that timeframe this market will resolve to other
if the * is permanently canceled|cancelled or has not been completed by * this market will resolve to other
if voting in the * does not occur by * this market will resolve to other
if no * takes place ?by ?* this market will resolve to other
if the season is suspended or cancelled|canceled the market will settle at the last fair market price
this market will resolve based on the result|results of the|this election as indicated by a consensus of credible reporting
this market will resolve based on the election results as indicated by a consensus of credible reporting
if there is ambiguity this market will resolve based solely on the official results as reported by the *
parliamentary elections to elect * are scheduled to take place in * on *
?the * elections|election|primary is|are scheduled to take place ?in ?* on *
the * elections|primary|election will take place on *
?the ?* elections|election|primary is|are scheduled to be held ?in ?* on *
this market will resolve as soon as the official results of ?the ?final ?scheduled ?race ?of * are known
this market will resolve once all three sources call the race for the same candidate
if all three sources havent called the race in this state for the same candidate ?by ?* this market will resolve based on|according ?to the official certification
candidates other than the democratic or republican nominee * may be added at a later date
a candidate shall be considered to represent a party in the event that he or she is the nominee of the party in question
candidates who run as independents will not be encompassed by the democrat or republican options regardless of any affiliation they may have with the party
";

/// Phrases inside a sentence that says when Yes pays; what they say is compared elsewhere, or is the same for every market.
pub(crate) const PHRASES: &str = "
this|the market will|should resolve|settle to yes ?if
then this|the market resolves|settles to yes
this|the market resolves|settles to yes ?if
resolve|resolves|settle|settles to yes
this|the market will resolve|settle to
this|the market resolves|settles to
this|the market will resolve|settle according to the
this|the market will resolve|settle ?according to the team|player|party|candidate|winner|club that|who|which|of ?the
this|the market will resolve|settle according to the party of the candidate who
before this market end date
in the upcoming
?originally scheduled for
after issuance and before
as reported by ?the
as published by ?the
according to ?the
after issuance
between ?this market creation and
senate|house seat
congressional district seat in the
between issuance and
win|wins the
professional basketball|football|baseball|hockey|soccer|tennis
after 90 minutes plus stoppage time does not include extra time or penalties
after 90 minutes plus stoppage time
";

/// Phrases of leaving an office, inside the same sentences.
pub(crate) const LEAVING: &str = "
has either officially announced their intention to leave as
or has ?actually left ?as
has officially announced their intention to leave as
cease|ceases to be ?the
is no longer serving as ?the
is no longer ?the
at any point
for any period|length of time
announces that he|she|they will resign ?as
announces he|she|they is|are resigning as
or otherwise steps down from is removed from this|the|his|her position
or otherwise ceases to be ?the
is removed from power
";

/// Small words that may stand in a star beside names, numbers and dates.
pub(crate) const BESIDE: &str = "the a an of in on at for by to and or s from as its their this that information official \
    officials government governments website statistics stats results reporting credible consensus media sports news \
    governing body organizer organizers organization event however also be used may will suffice instead data including \
    election elections primary general midterm season seasons championship championships series cup league tournament award \
    awards trophy prize team teams player players candidate candidates club clubs country listed win wins named based \
    rules per they are eliminated in playoffs mathematically contention relevant authorities state states national federal \
    secretary presidential parliamentary gubernatorial congressional district scheduled race professional basketball football \
    baseball hockey soccer tennis game match takes take place eg e g i n president minister chancellor prime \
    specifically commission published available located representative representatives party overwhelming one independent \
    independents multiple determine champion regular website";

/// Words that turn a sentence round, bound it or split it: in the sentence that says when Yes pays each must be met on the
/// other side, and no star of a form stands for one.
pub(crate) const TURNS: &str = "not no never nor neither without unless except excluding exclude excludes excluded only \
    fail fails failed lose loses lost than least most more fewer less over under above below exceed exceeds exceeding \
    exactly both all every each first second third last final half consecutive twice if provided but whether unlike \
    instead rather minimum maximum majority plurality sole solely alone jointly unanimous yes";
