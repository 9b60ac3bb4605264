//! Phrases of all families but places, teams and given names. A line is `phrase; phrase | facet:value ~implied:value`.

/// The table.
pub(super) const TABLE: &str = "
will;the;a;an;any;of;in;on;at;to;be;is;are;was;for;by;and;who;what;which;how;many;much;do;does;did;their;his;her;its;with;from;that;this;there;as;get;gets;become;becomes;been;has;have;had|stop
race;seat;election;elections;contest;official;officially;listed;edition;tournament;award;awards;trophy;title;event;score;district;congressional district;grand final;grand finals|stop
general election;general elections|stop
jr;sir;between|stop
any of;either of;either;at least one of|word:any_of
officially announce;officially announces;officially announced|act:announce word:officially
win;wins;won;winning;winner;winners;victorious;be the winner|act:win
championship winner;champion;champions;be crowned champion|act:win
championship;championships|word:championship
attend;attends;attending;be at;be present at;show up at|act:attend
leave;leaves;leave as;out;out as;be out;be out as;no longer;no longer be;cease to be;ceases to be;leave office;leave office as|act:leave
step down;steps down;step down as;steps down as|act:leave word:step_down
ousted;ousted as;be ousted;be ousted as|act:leave word:ousted
remain;remains;remain as;stay;stays;stay as;still be|act:leave not
resign;resigns;resigned;resignation|act:resign
not;never;fail to;fails to;wont;doesnt;isnt;dont;fail|not
against|word:against
arrest;arrested;arrests|act:arrest
engaged;engagement;get engaged;be engaged|act:engaged
married;marry;marries;get married;wed|act:marry
release;releases;released|act:release
announce;announces;announced;announcement|act:announce
reach;reaches;hit;hits;touch;touches|act:reach
dip to;dips to;fall to;drop to|act:dip
advance;advances;to advance;advance to|act:advance
qualify;qualifies;qualifiers;qualify for;make;makes|act:qualify
relegated;be relegated|act:relegated
nominate;nominates;nominated;formally nominate;formally nominates|act:nominate
appoint;appoints;appointed|act:appoint
confirmed;be confirmed;confirmed as|act:confirm
vote to confirm;votes to confirm;vote for;votes for;vote yes on|act:vote
finish;finishes;come in;comes in|act:finish
budget reconciliation bill;reconciliation bill;budget reconciliation|word:reconciliation_bill
endorse;endorses;endorsed|act:endorse
replace;replaces;replaced|act:replace
feature;features;featured;be featured|act:feature
outperform;outperforms;beat;beats;defeat;defeats|act:beat
impeached;impeach|act:impeach
pardon;pardons;pardoned|act:pardon
fired;fire;fires|act:fire
sue;sues;sued|act:sue
indicted;charged|act:charge
convicted;found guilty|act:convict
ipo;go public;initial public offering|act:ipo
acquire;acquires;acquired;buy;buys|act:acquire
ban;bans;banned|act:ban
meet;meets;meet with;meets with;meeting|act:meet
visit;visits;visited|act:visit
drafted;be drafted|act:draft
control;controls|act:control
up or down|part:up_down
reopen;re open;reopens|word:reopen
close above;finish above;end above;settle above;settle over|measure:close_above
democrat;democrats;democratic;democratic party;dem;dems|party:democratic
republican;republicans;republican party;gop|party:republican
independent;independents|party:independent
liberal;liberals;liberal party|party:liberal
conservative;conservatives;conservative party;tories|party:conservative
new democratic party;ndp|party:ndp
labour;labour party|party:labour
green party;the greens;greens|party:greens
reform uk|party:reform_uk
afd;alternative for germany|party:afd
party|stop
nominee;nomination;be the nominee|stage:nominee ~act:win
primary;primaries;primary election|stage:primary
runoff;run off;second round;2nd round|stage:runoff
first round;1st round;round 1|stage:first_round
special election;by election|stage:special
caucus;caucuses|stage:caucus
president;presidency;presidential;presidential election|office:president
vice president;vice presidency;vice presidential|office:vice_president
acting president|office:president word:acting
prime minister;pm;prime ministry;prime ministership|office:prime_minister
chancellor|office:chancellor
supreme leader|office:supreme_leader
leader|office:leader
governor;governorship;gubernatorial;gov|office:governor
lieutenant governor;lt governor;lt gov;lieutenant gubernatorial|office:lt_governor
attorney general;ag|office:attorney_general
senate;senator;us senate;us senator;senatorial|office:senate
house;us house;us house of representatives;house of representatives|office:house
parliament;parliamentary;legislative;national assembly;general assembly|office:parliament
mayor;mayoral;mayorship|office:mayor
pope;pontiff|office:pope
ceo;chief executive;chief executive officer|office:ceo
speaker;speaker of the house|office:speaker
majority leader;senate majority leader|office:majority_leader
minority leader;senate minority leader|office:minority_leader
press secretary;white house press secretary|office:press_secretary
department of housing and urban development;housing and urban development;hud|word:hud
department of health and human services;health and human services;hhs|word:hhs
federal bureau of investigation;fbi|word:fbi
director of national intelligence;dni|word:dni
fed chair;federal reserve chair;chair of the fed;chair of the federal reserve;fed chairman|office:fed_chair
day 1;day one;first day|word:day_1
first place;1st place;1st;number 1;number one|rank:1
first|rank:1
second place;2nd place;second;2nd;runner up|rank:2
third place;3rd place;third;3rd|rank:3
fourth;4th|rank:4
fifth;5th|rank:5
last|rank:last
pro football;nfl;national football league|league:nfl
pro basketball;nba;national basketball association|league:nba
women pro basketball;wnba;women national basketball association|league:wnba ~div:women
pro baseball;mlb;major league baseball|league:mlb
pro hockey;nhl;national hockey league|league:nhl
major league soccer;mls|league:mls
college football;ncaaf;cfb|league:ncaaf
college basketball;ncaamb;cbb|league:ncaab
women college basketball;ncaawb;wbb|league:ncaaw ~div:women
pro football championship;nfl league championship;nfl championship;super bowl;superbowl;big game|comp:super_bowl ~league:nfl
afc championship;afc championship game;afc champion;american football conference|comp:afc ~league:nfl
nfc championship;nfc championship game;nfc champion;national football conference|comp:nfc ~league:nfl
pro baseball championship;world series;mlb world series;mlb championship|comp:world_series ~league:mlb
pro baseball national league championship;national league championship series;national league championship;nlcs;national league pennant;nl pennant;nl championship|comp:nlcs ~league:mlb
pro baseball american league championship;american league championship series;american league championship;alcs;american league pennant;al pennant;al championship|comp:alcs ~league:mlb
stanley cup;stanley cup final;stanley cup finals;nhl stanley cup;pro hockey championship;nhl championship|comp:stanley_cup ~league:nhl
nba championship;nba finals;nba final;nba title;pro basketball championship;pro basketball finals|comp:nba_finals ~league:nba
nba eastern conference finals;nba eastern conference;eastern conference finals;eastern conference championship;eastern conference;pro basketball eastern conference;pro basketball eastern conference finals|comp:east
nba western conference finals;nba western conference;western conference finals;western conference championship;western conference;pro basketball western conference;pro basketball western conference finals|comp:west
wnba championship;wnba finals;women pro basketball championship|comp:wnba_finals ~league:wnba
playoff;playoffs;play offs;postseason|comp:playoffs
play in;play in tournament|comp:play_in
american league;al|league:al ~league:mlb
national league;nl|league:nl ~league:mlb
rookie of the year;roy|award:rookie
most valuable player;mvp|award:mvp
finals mvp;finals most valuable player|award:finals_mvp
super bowl mvp;pro football championship mvp|award:super_bowl_mvp
cy young;cy young award|award:cy_young ~league:mlb
hank aaron;hank aaron award|award:hank_aaron ~league:mlb
defensive player of the year;dpoy|award:defensive_player
offensive player of the year;opoy|award:offensive_player
most improved player;mip|award:most_improved
sixth man of the year|award:sixth_man
coach of the year|award:coach
manager of the year|award:manager
clutch player of the year|award:clutch
comeback player of the year|award:comeback
heisman;heisman trophy|award:heisman
ballon dor|award:ballon_dor
golden boot|award:golden_boot
person of the year|award:person_of_year
album of the year|award:album
song of the year|award:song
record of the year|award:record
best picture|award:picture
champions league;uefa champions league;ucl|comp:champions_league
europa league;uefa europa league;uel|comp:europa_league
conference league;uefa conference league;uefa europa conference league;uecl|comp:conference_league
premier league;english premier league;epl|comp:premier_league
la liga;laliga|comp:la_liga
serie a|comp:serie_a
bundesliga|comp:bundesliga
ligue 1|comp:ligue_1
fa cup|comp:fa_cup
efl cup;carabao cup;league cup|comp:efl_cup
world cup;fifa world cup|comp:world_cup
t20 world cup;icc t20 world cup|comp:t20_world_cup
club world cup;fifa club world cup|comp:club_world_cup
rugby world cup|comp:rugby_world_cup
cricket world cup;icc cricket world cup|comp:cricket_world_cup
world baseball classic;wbc|comp:wbc
us open|comp:us_open
french open;roland garros|comp:french_open
australian open;aus open|comp:australian_open
wimbledon|comp:wimbledon
masters tournament;the masters|comp:masters
pga championship|comp:pga_championship
f1 constructors championship;f1 constructors champion;constructors championship;constructors champion;constructors title|comp:f1_constructors ~act:win
f1 drivers championship;f1 drivers champion;drivers championship;drivers champion;f1 world championship;f1 world champion|comp:f1_drivers ~act:win
f1;formula 1;formula one|word:f1
grand prix;gp|word:grand_prix
oscars;oscar;academy awards;academy award|comp:oscars
grammys;grammy;grammy awards;grammy award|comp:grammys
emmys;emmy;emmy awards;emmy award|comp:emmys
golden globes;golden globe;golden globe awards|comp:golden_globes
critics choice;critics choice awards;critics choice award|comp:critics_choice
espys;espy;espy awards|comp:espys
eurovision;eurovision song contest|comp:eurovision
game awards;the game awards|comp:game_awards
inauguration;presidential inauguration;inauguration day;inauguration ceremony|comp:inauguration ~office:president
halftime show|comp:halftime_show
women;womens;ladies|div:women
men;mens|div:men
u20;under 20|div:u20
jury;jury vote;jury votes|part:jury
jury winner|part:jury ~act:win
televote;public vote|part:televote
televote winner|part:televote ~act:win
spread;spreads;handicap|part:spread
o u;over under;total points;total runs;total goals;point total;totals|part:total
both teams to score;btts|part:btts
first half;1st half;1h;half time;halftime result|part:first_half
first quarter;1st quarter|part:first_quarter
set 1|part:set_1
set 2|part:set_2
map 1|part:map_1
map 2|part:map_2
map 3|part:map_3
series winner;win the series|part:series act:win
draw;end in a draw;tie;end in a tie|word:draw
match;game;fixture|stop
most votes|word:most_votes
most seats;greatest number of seats;largest number of seats;plurality of seats|measure:most_seats
second most seats;2nd most seats|rank:2 measure:ranked_by_seats
third most seats;3rd most seats|rank:3 measure:ranked_by_seats
seats|measure:seats
seats won|measure:seats ~act:win
popular vote;of the vote;of vote;vote share;share of the vote|measure:vote_share
margin of victory|measure:margin
turnout;voter turnout|measure:turnout
rotten tomatoes;rotten tomatoes score;tomatometer;rotten tomatoes tomatometer;rotten tomatoes critic score|measure:rotten_tomatoes
metacritic;metacritic score;metascore|measure:metacritic
executive order;executive orders|measure:executive_orders
highest temperature;high temperature;high temp;maximum temperature;max temp|measure:high_temperature
lowest temperature;low temperature;low temp;minimum temperature;min temp|measure:low_temperature
cpi;consumer price index;inflation|measure:cpi
core cpi;cpi core;core inflation|measure:core_cpi
pce;pce inflation|measure:pce
core pce;core pce inflation|measure:core_pce
yoy;year over year;annual;12 month;annually|measure:yoy
mom;month over month;monthly;one month|measure:mom
unemployment;unemployment rate;u3|measure:unemployment
payrolls;nonfarm payrolls;jobs added;jobs report;jobs numbers|measure:payrolls
gdp;gdp growth;real gdp|measure:gdp
fed;fomc;federal reserve|word:fed
interest rate;interest rates;rates|word:rate
fed funds rate;federal funds rate|measure:fed_funds
cut;cuts;decrease;decreases;lower;lowers|act:cut
hike;hikes;increase;increases;raise;raises|act:raise
no change;hold;holds;maintain;maintains;unchanged|act:hold
upper bound|measure:upper_bound
lower bound|measure:lower_bound
government shutdown;shutdown|word:shutdown
tariff;tariffs|word:tariff
bitcoin;btc|asset:btc
ethereum;eth;ether|asset:eth
solana;sol|asset:sol
xrp;ripple|asset:xrp
dogecoin;doge|asset:doge
bnb|asset:bnb
gold medal;gold medals|word:gold_medal
gold|asset:gold
silver medal|word:silver_medal
silver|asset:silver
crude oil;wti;wti oil;wti crude|asset:wti
brent;brent crude|asset:brent
natural gas|asset:natural_gas
copper|asset:copper
s&p 500;s&p;spx;sp500|asset:spx
nasdaq 100;nasdaq100;ndx|asset:ndx
dow jones;djia|asset:dow
eur usd|asset:eurusd
usd jpy|asset:usdjpy
new album;another album;album|word:album
new song;song;single|word:song
donald trump;donald j trump;president trump;president donald trump;trump|person:trump
donald trump jr|person:trump_jr
joe biden;joseph biden;president biden;biden|person:biden
elon musk;musk|person:musk
vladimir putin;putin|person:putin
alexandria ocasio cortez;ocasio cortez;aoc|person:ocasio_cortez
robert f kennedy jr;rfk jr;rfk;robert kennedy jr|person:rfk
lula;luiz inacio lula da silva;lula da silva|person:lula
jd vance;j d vance;vance|person:vance
xi jinping|person:xi
kim jong un|person:kim
";
