//! Countries with their adjectives, American states with their codes, and cities that stand for one place.

/// The table, in the form of the concept table.
pub(super) const TABLE: &str = "
united states;united states of america;us;usa;america;american;u s|place:us
united kingdom;uk;u k;britain;british|place:uk
great britain|place:great_britain
england;english|place:england
scotland;scottish|place:scotland
wales;welsh;welsh senedd|place:wales
germany;german|place:germany
france;french|place:france
spain;spanish|place:spain
portugal;portuguese|place:portugal
italy;italian|place:italy
netherlands;dutch;holland|place:netherlands
belgium;belgian|place:belgium
austria;austrian|place:austria
switzerland;swiss|place:switzerland
norway;norwegian|place:norway
sweden;swedish|place:sweden
denmark;danish|place:denmark
finland;finnish|place:finland
iceland;icelandic|place:iceland
ireland;irish|place:ireland
poland;polish|place:poland
czech republic;czechia;czech|place:czechia
slovakia;slovak|place:slovakia
slovenia;slovenian|place:slovenia
hungary;hungarian|place:hungary
romania;romanian|place:romania
bulgaria;bulgarian|place:bulgaria
greece;greek|place:greece
croatia;croatian|place:croatia
serbia;serbian|place:serbia
albania;albanian|place:albania
lithuania;lithuanian|place:lithuania
latvia;latvian|place:latvia
estonia;estonian|place:estonia
ukraine;ukrainian|place:ukraine
russia;russian|place:russia
belarus;belarusian|place:belarus
moldova;moldovan|place:moldova
armenia;armenian|place:armenia
azerbaijan;azerbaijani|place:azerbaijan
turkey;turkiye;turkish|place:turkey
israel;israeli;state of israel|place:israel
iran;iranian;ir iran|place:iran
iraq;iraqi|place:iraq
syria;syrian|place:syria
lebanon;lebanese|place:lebanon
saudi arabia;saudi|place:saudi_arabia
egypt;egyptian|place:egypt
morocco;moroccan|place:morocco
tunisia;tunisian|place:tunisia
algeria;algerian|place:algeria
nigeria;nigerian|place:nigeria
ghana;ghanaian|place:ghana
kenya;kenyan|place:kenya
ethiopia;ethiopian|place:ethiopia
cameroon;cameroonian|place:cameroon
south africa;south african|place:south_africa
senegal;senegalese|place:senegal
ivory coast;cote divoire;ivorian|place:ivory_coast
india;indian|place:india
pakistan;pakistani|place:pakistan
bangladesh;bangladeshi|place:bangladesh
sri lanka;sri lankan|place:sri_lanka
nepal;nepalese|place:nepal
china;chinese|place:china
taiwan;taiwanese|place:taiwan
japan;japanese|place:japan
south korea;korean;south korean;korea republic|place:south_korea
north korea;north korean;dprk|place:north_korea
thailand;thai|place:thailand
vietnam;vietnamese|place:vietnam
philippines;philippine;filipino|place:philippines
indonesia;indonesian|place:indonesia
malaysia;malaysian|place:malaysia
singapore;singaporean|place:singapore
australia;australian|place:australia
new zealand;new zealander|place:new_zealand
canada;canadian|place:canada
mexico;mexican|place:mexico
brazil;brazilian|place:brazil
argentina;argentine;argentinian|place:argentina
chile;chilean|place:chile
peru;peruvian|place:peru
colombia;colombian|place:colombia
venezuela;venezuelan|place:venezuela
bolivia;bolivian|place:bolivia
ecuador;ecuadorian|place:ecuador
uruguay;uruguayan|place:uruguay
paraguay;paraguayan|place:paraguay
honduras;honduran|place:honduras
jamaica;jamaican|place:jamaica
haiti;haitian|place:haiti
cuba;cuban|place:cuba
costa rica;costa rican|place:costa_rica
panama;panamanian|place:panama
greenland;greenlandic|place:greenland
burma;myanmar|place:myanmar
alabama|place:al
alaska|place:ak
arizona|place:az
arkansas|place:ar
california|place:ca
colorado|place:co
connecticut|place:ct
delaware|place:de
florida|place:fl
georgia;georgian|place:georgia
hawaii|place:hi
idaho|place:id
illinois|place:il
indiana|place:in
iowa|place:ia
kansas|place:ks
kentucky|place:ky
louisiana|place:la
maine|place:me
maryland|place:md
massachusetts|place:ma
michigan|place:mi
minnesota|place:mn
mississippi|place:ms
missouri|place:mo
montana|place:mt
nebraska|place:ne
nevada|place:nv
new hampshire|place:nh
new jersey|place:nj
new mexico|place:nm
new york state|place:ny
new york;new york city;nyc|place:new_york
north carolina|place:nc
north dakota|place:nd
ohio|place:oh
oklahoma|place:ok
oregon|place:or
pennsylvania|place:pa
rhode island|place:ri
south carolina|place:sc
south dakota|place:sd
tennessee|place:tn
texas|place:tx
utah|place:ut
vermont|place:vt
virginia|place:va
washington dc;washington d c|place:dc
washington|place:washington
west virginia|place:wv
wisconsin|place:wi
wyoming|place:wy
chicago|place:chicago
miami|place:miami
austin|place:austin
los angeles|place:los_angeles
denver|place:denver
philadelphia|place:philadelphia
boston|place:boston
atlanta|place:atlanta
houston|place:houston
dallas|place:dallas
seattle|place:seattle
london|place:london
berlin|place:berlin
paris|place:paris
seoul|place:seoul
toronto|place:toronto
tokyo|place:tokyo
";

/// The states' codes, as districts and tickers write them, and their places.
pub(super) const STATES: &[(&str, &str)] = &[
    ("al", "al"),
    ("ak", "ak"),
    ("az", "az"),
    ("ar", "ar"),
    ("ca", "ca"),
    ("co", "co"),
    ("ct", "ct"),
    ("de", "de"),
    ("fl", "fl"),
    ("ga", "georgia"),
    ("hi", "hi"),
    ("id", "id"),
    ("il", "il"),
    ("in", "in"),
    ("ia", "ia"),
    ("ks", "ks"),
    ("ky", "ky"),
    ("la", "la"),
    ("me", "me"),
    ("md", "md"),
    ("ma", "ma"),
    ("mi", "mi"),
    ("mn", "mn"),
    ("ms", "ms"),
    ("mo", "mo"),
    ("mt", "mt"),
    ("ne", "ne"),
    ("nv", "nv"),
    ("nh", "nh"),
    ("nj", "nj"),
    ("nm", "nm"),
    ("ny", "new_york"),
    ("nc", "nc"),
    ("nd", "nd"),
    ("oh", "oh"),
    ("ok", "ok"),
    ("or", "or"),
    ("pa", "pa"),
    ("ri", "ri"),
    ("sc", "sc"),
    ("sd", "sd"),
    ("tn", "tn"),
    ("tx", "tx"),
    ("ut", "ut"),
    ("vt", "vt"),
    ("va", "va"),
    ("wa", "washington"),
    ("wv", "wv"),
    ("wi", "wi"),
    ("wy", "wy"),
    ("dc", "dc"),
];
