//! The teams of the five American leagues: codes, cities and nicknames.
//!
//! Kalshi writes cities ("Los Angeles A", "New York Y"), Polymarket nicknames or full names. A city alone names a team
//! only inside a known league, and only when the league has one team there.

use crate::text::{Kind, Token};

/// One team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Team {
    /// `nba`, `nfl`, `mlb`, `nhl`, `wnba`.
    pub(crate) league: &'static str,
    /// Codes, the first being the name used here.
    pub(crate) codes: &'static str,
    pub(crate) city: &'static str,
    pub(crate) nickname: &'static str,
}

impl Team {
    pub(crate) fn code(&self) -> &'static str {
        self.codes.split('/').next().unwrap_or(self.codes)
    }
}

macro_rules! teams {
    ($($league:literal: $($codes:literal $city:literal $nickname:literal),+;)+) => {
        const TEAMS: &[Team] = &[$($(Team { league: $league, codes: $codes, city: $city, nickname: $nickname },)+)+];
    };
}

teams! {
    "nba": "ATL" "atlanta" "hawks", "BOS" "boston" "celtics", "BKN" "brooklyn" "nets", "CHA" "charlotte" "hornets",
        "CHI" "chicago" "bulls", "CLE" "cleveland" "cavaliers", "DAL" "dallas" "mavericks", "DEN" "denver" "nuggets",
        "DET" "detroit" "pistons", "GSW/GS" "golden state" "warriors", "HOU" "houston" "rockets",
        "IND" "indiana" "pacers", "LAC" "los angeles" "clippers", "LAL" "los angeles" "lakers",
        "MEM" "memphis" "grizzlies", "MIA" "miami" "heat", "MIL" "milwaukee" "bucks",
        "MIN" "minnesota" "timberwolves", "NOP/NO" "new orleans" "pelicans", "NYK/NY" "new york" "knicks",
        "OKC" "oklahoma city" "thunder", "ORL" "orlando" "magic", "PHI" "philadelphia" "76ers",
        "PHX/PHO" "phoenix" "suns", "POR" "portland" "trail blazers", "SAC" "sacramento" "kings",
        "SAS/SA" "san antonio" "spurs", "TOR" "toronto" "raptors", "UTA" "utah" "jazz",
        "WAS/WSH" "washington" "wizards";
    "nfl": "ARI/AZ" "arizona" "cardinals", "ATL" "atlanta" "falcons", "BAL" "baltimore" "ravens",
        "BUF" "buffalo" "bills", "CAR" "carolina" "panthers", "CHI" "chicago" "bears", "CIN" "cincinnati" "bengals",
        "CLE" "cleveland" "browns", "DAL" "dallas" "cowboys", "DEN" "denver" "broncos", "DET" "detroit" "lions",
        "GB" "green bay" "packers", "HOU" "houston" "texans", "IND" "indianapolis" "colts",
        "JAC/JAX" "jacksonville" "jaguars", "KC" "kansas city" "chiefs", "LV" "las vegas" "raiders",
        "LAC" "los angeles" "chargers", "LAR/LA" "los angeles" "rams", "MIA" "miami" "dolphins",
        "MIN" "minnesota" "vikings", "NE" "new england" "patriots", "NO" "new orleans" "saints",
        "NYG" "new york" "giants", "NYJ" "new york" "jets", "PHI" "philadelphia" "eagles",
        "PIT" "pittsburgh" "steelers", "SF" "san francisco" "49ers", "SEA" "seattle" "seahawks",
        "TB" "tampa bay" "buccaneers", "TEN" "tennessee" "titans", "WAS/WSH" "washington" "commanders";
    "mlb": "AZ/ARI" "arizona" "diamondbacks", "ATL" "atlanta" "braves", "BAL" "baltimore" "orioles",
        "BOS" "boston" "red sox", "CHC" "chicago" "cubs", "CWS/CHW" "chicago" "white sox", "CIN" "cincinnati" "reds",
        "CLE" "cleveland" "guardians", "COL" "colorado" "rockies", "DET" "detroit" "tigers", "HOU" "houston" "astros",
        "KC" "kansas city" "royals", "LAA" "los angeles" "angels", "LAD" "los angeles" "dodgers",
        "MIA" "miami" "marlins", "MIL" "milwaukee" "brewers", "MIN" "minnesota" "twins", "NYM" "new york" "mets",
        "NYY" "new york" "yankees", "ATH/OAK" "oakland" "athletics", "PHI" "philadelphia" "phillies",
        "PIT" "pittsburgh" "pirates", "SD" "san diego" "padres", "SF" "san francisco" "giants",
        "SEA" "seattle" "mariners", "STL" "st louis" "cardinals", "TB" "tampa bay" "rays", "TEX" "texas" "rangers",
        "TOR" "toronto" "blue jays", "WSH/WAS" "washington" "nationals";
    "nhl": "ANA" "anaheim" "ducks", "BOS" "boston" "bruins", "BUF" "buffalo" "sabres", "CGY" "calgary" "flames",
        "CAR" "carolina" "hurricanes", "CHI" "chicago" "blackhawks", "COL" "colorado" "avalanche",
        "CBJ" "columbus" "blue jackets", "DAL" "dallas" "stars", "DET" "detroit" "red wings",
        "EDM" "edmonton" "oilers", "FLA" "florida" "panthers", "LAK/LA" "los angeles" "kings",
        "MIN" "minnesota" "wild", "MTL" "montreal" "canadiens", "NSH" "nashville" "predators",
        "NJD/NJ" "new jersey" "devils", "NYI" "new york" "islanders", "NYR" "new york" "rangers",
        "OTT" "ottawa" "senators", "PHI" "philadelphia" "flyers", "PIT" "pittsburgh" "penguins",
        "SJS/SJ" "san jose" "sharks", "SEA" "seattle" "kraken", "STL" "st louis" "blues",
        "TBL/TB" "tampa bay" "lightning", "TOR" "toronto" "maple leafs", "UTA" "utah" "mammoth",
        "VAN" "vancouver" "canucks", "VGK" "vegas" "golden knights", "WSH/WAS" "washington" "capitals",
        "WPG" "winnipeg" "jets";
    "wnba": "ATL" "atlanta" "dream", "CHI" "chicago" "sky", "CONN/CON" "connecticut" "sun", "DAL" "dallas" "wings",
        "GSV/GS" "golden state" "valkyries", "IND" "indiana" "fever", "LV/LVA" "las vegas" "aces",
        "LA/LAS" "los angeles" "sparks", "MIN" "minnesota" "lynx", "NY/NYL" "new york" "liberty",
        "PHX/PHO" "phoenix" "mercury", "SEA" "seattle" "storm", "WSH/WAS" "washington" "mystics";
}

/// All teams.
pub(super) const fn all() -> &'static [Team] {
    TEAMS
}

/// The league that a ticker series or a rules word names.
pub(crate) fn league_of_word(word: &str) -> Option<&'static str> {
    ["wnba", "nba", "nfl", "mlb", "nhl"].into_iter().find(|league| *league == word)
}

/// The team of `league` with this code.
pub(crate) fn team_by_code(league: &str, code: &str) -> Option<&'static Team> {
    TEAMS.iter().find(|team| team.league == league && team.codes.split('/').any(|one| one.eq_ignore_ascii_case(code)))
}

/// A team named at a place of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TeamAt {
    pub(crate) team: &'static Team,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// The teams of `league` named in `tokens`, in order. With `cities`, a city that has one team there is enough.
pub(crate) fn teams_in(tokens: &[Token], league: &str, cities: bool) -> Vec<TeamAt> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match team_at(tokens, at, league, cities) {
            Some(one) => {
                at = one.to;
                found.push(one);
            }
            None => at += 1,
        }
    }
    found
}

fn team_at(tokens: &[Token], at: usize, league: &str, cities: bool) -> Option<TeamAt> {
    if !tokens[at].capital && !tokens[at].text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let mut of_city = TEAMS.iter().filter(|team| team.league == league).filter_map(|team| {
        let city = match_words(tokens, at, team.city)?;
        Some((team, city))
    });
    if let Some((first, city)) = of_city.next() {
        let others: Vec<&Team> = of_city.map(|(team, _)| team).collect();
        let all = std::iter::once(first).chain(others.iter().copied());
        for team in all {
            if let Some(nickname) = match_words(tokens, at + city, team.nickname) {
                return Some(TeamAt { team, from: at, to: at + city + nickname });
            }
            let initial = tokens.get(at + city).filter(|token| token.capital && token.text.len() == 1);
            if initial.is_some_and(|token| team.nickname.starts_with(token.text.as_str())) {
                return Some(TeamAt { team, from: at, to: at + city + 1 });
            }
        }
        // The city of a team of another nickname: "Chicago Fire" is no Chicago Bulls.
        let more = tokens.get(at + city).is_some_and(|token| {
            token.kind == Kind::Word
                && token.capital
                && !matches!(token.text.as_str(), "win" | "winner" | "wins" | "at" | "vs")
        });
        return (cities && others.is_empty() && !more).then_some(TeamAt { team: first, from: at, to: at + city });
    }
    let mut named = TEAMS.iter().filter(|team| team.league == league).filter_map(|team| {
        let alias = match team.nickname {
            "76ers" => match_words(tokens, at, "sixers"),
            "athletics" => match_words(tokens, at, "as"),
            "trail blazers" => match_words(tokens, at, "blazers"),
            _ => None,
        };
        match_words(tokens, at, team.nickname).or(alias).map(|length| TeamAt { team, from: at, to: at + length })
    });
    named.next()
}

/// How many tokens `words` takes at `at`, if it stands there.
fn match_words(tokens: &[Token], at: usize, words: &str) -> Option<usize> {
    let mut next = at;
    for word in words.split(' ') {
        if !tokens.get(next).is_some_and(|token| token.kind == Kind::Word && token.text == word) {
            return None;
        }
        next += 1;
        if word == "st" && tokens.get(next).is_some_and(|token| token.is_mark('.')) {
            next += 1;
        }
    }
    Some(next - at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokens;

    fn codes(text: &str, league: &str) -> Vec<&'static str> {
        teams_in(&tokens(text), league, true).iter().map(|one| one.team.code()).collect()
    }

    #[test]
    fn cities_nicknames_and_letters_name_teams() {
        assert_eq!(codes("New Orleans at Houston Winner?", "nba"), ["NOP", "HOU"]);
        assert_eq!(codes("Pelicans vs. Rockets", "nba"), ["NOP", "HOU"]);
        assert_eq!(codes("Will Los Angeles A win", "mlb"), ["LAA"]);
        assert_eq!(codes("Will Los Angeles win", "mlb"), Vec::<&str>::new());
        assert_eq!(codes("Will the St. Louis Cardinals win", "mlb"), ["STL"]);
        assert_eq!(codes("Chicago Fire vs Dallas", "nba"), ["DAL"]);
    }
}
