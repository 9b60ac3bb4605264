//! Configuration: TOML in layers, checked as a whole, every mistake told with its place, and where each value comes from.
//!
//! Precedence: `--set section.key=value` over `BRIER_SECTION__KEY` in the environment (and in `.env` beside the file) over the
//! project's file over the user's own over defaults. The table in `keys.rs` is the only list of keys: what it does not name
//! is refused with the nearest name that it does.
//!
//! Invariants: no secret is in a configuration, only where it is; dollars, prices and contracts never pass a float; a
//! configuration with any problem is not handed out.

mod analyst_kinds;
mod analysts;
mod environment;
mod feeds;
mod keys;
mod kinds;
mod layers;
mod premise;
mod problem;
mod raw;
pub mod reference;
mod risk;
mod settings;
#[cfg(test)]
mod tests;
mod value;

use std::path::{Path, PathBuf};

pub use analyst_kinds::{ANALYST_KINDS, AnalystKind, Takes};
pub(crate) use analysts::strike;
pub use analysts::{AnalystConfig, LanguageForm, Mind, NoRecipe, RecipeForm};
pub use environment::Environment;
pub use feeds::{Unfed, unfed};
pub use keys::{ANALYST, FEED, Key, SECTIONS, STRATEGY, Section};
pub use kinds::{KINDS, REMOTE, StrategyKind};
pub use layers::{Setting, Values};
pub use premise::{Averaging, Premise, Role, Subject};
pub use problem::{Origin, Problem, Problems};
pub use settings::{
    Config, ControlConfig, ExecutionConfig, FeedConfig, FeedsConfig, KalshiConfig, KeySource, LogConfig, Mode,
    OnDisagreement, PaperConfig, PolymarketConfig, ReconcileConfig, RemoteConfig, RunConfig, StrategyConfig,
};
pub use value::{Kind, MarketName, TieName, Value};

use analysts::AnalystTables;
use layers::{Bases, Layer};
use problem::nearest;
use raw::{Entry, Raw};
use settings::{StrategyTables, Tables};

/// Where the layers are.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The project's file.
    pub project: Option<PathBuf>,
    /// The user's own file, if it has another place than [`Environment::config_folder`] says.
    pub user: Option<PathBuf>,
    /// What `--set` says: `section.key=value`, `strategy.NAME.key=value`, and so for feeds and analysts.
    pub flags: Vec<String>,
    /// The environment, without `.env`.
    pub environment: Environment,
}

/// Every value with its origin, what is wrong with them, and the configuration if nothing is.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration, if there is no problem.
    pub config: Option<Config>,
    /// Every value that counts, in the order of the reference page, strategies last.
    pub settings: Vec<Setting>,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
    /// The environment with `.env`: what secrets are read from.
    pub environment: Environment,
    data_dir: PathBuf,
}

impl Loaded {
    /// The run's data folder, also where other settings are wrong: a run must be reachable for its kill switch then.
    ///
    /// # Errors
    /// What is wrong with the settings that name it, or with a file as a whole.
    pub fn data_dir(&self) -> Result<&Path, Problems> {
        // With `[runn]` the folder would be the default one, and so another run's.
        let said = self.settings.iter().any(|it| it.key == "run.data_dir" && it.origin != Origin::Default);
        let slipped = |problem: &Problem| !said && problem.text == UNKNOWN_SECTION;
        let about = |problem: &&Problem| problem.key.starts_with("run.") || is_of_file(problem) || slipped(problem);
        let wrong: Vec<Problem> = self.problems.iter().filter(about).cloned().collect();
        if wrong.is_empty() { Ok(&self.data_dir) } else { Err(Problems(wrong)) }
    }

    /// The configuration and the environment that its secrets are read from.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn into_config(self) -> Result<(Config, Environment), Problems> {
        match self.config {
            Some(config) if self.problems.is_empty() => Ok((config, self.environment)),
            _ => Err(Problems(self.problems)),
        }
    }
}

/// Reads the layers and lays them over each other.
pub fn load(sources: Sources) -> Loaded {
    let mut loader = Loader { problems: Vec::new(), environment: sources.environment };
    let here = std::env::current_dir().unwrap_or_default();
    let project_path = sources.project.map(|path| here.join(path));
    if let Some(path) = &project_path {
        let beside = path.with_file_name(".env");
        loader.environment.read_file(&beside).unwrap_or_else(|problem| loader.problems.push(problem));
    }
    let user_path =
        sources.user.or_else(|| loader.environment.config_folder().map(|folder| folder.join("config.toml")));
    let project = project_path.map(|path| loader.file(&path, true)).unwrap_or_default();
    let user = user_path.map(|path| loader.file(&path, false)).unwrap_or_default();
    let environment = loader.environment_layer();
    let flags = loader.flags(&sources.flags);
    let lists = loader.lists(&project, &user);
    loader.check_sections(&[&flags, &environment, &project, &user]);
    loader.finish(&here, &[flags, environment, project, user], &lists)
}

/// Reads a configuration that [`Config::text`] once said, without any other layer: what a replay does.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_back(text: &str) -> Result<Config, Problems> {
    // Where data goes unless told otherwise is of no account here, and may be of another machine.
    let environment = Environment::from_pairs([("HOME".to_owned(), "/".to_owned())]);
    let mut loader = Loader { problems: Vec::new(), environment };
    let file = raw::parse(Path::new("journal"), text).map_err(Problems)?;
    let nothing = Tabled::new();
    let lists = loader.lists(&file, &nothing);
    loader.check_sections(&[&file]);
    let loaded = loader.finish(Path::new("/"), &[Tabled::new(), Tabled::new(), file, nothing], &lists);
    loaded.into_config().map(|(config, _)| config)
}

/// All values as a file that could be used in their place; with `origins`, who said each behind it.
pub fn as_file(settings: &[Setting], origins: bool) -> String {
    let mut lines = Vec::new();
    let mut table = "";
    for setting in settings {
        let (before, name) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
        if before != table {
            if !table.is_empty() {
                lines.push(String::new());
            }
            lines.push(head(before));
            table = before;
        }
        match &setting.value {
            Some(value) if origins => {
                let line = format!("{name} = {value}");
                lines.push(format!("{line:<48}  # {}", setting.origin));
            }
            Some(value) => lines.push(format!("{name} = {value}")),
            None if origins => lines.push(format!("# {name} is unset")),
            None => {}
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The line above a table's keys.
fn head(table: &str) -> String {
    if SECTIONS.iter().any(|section| section.name == table) {
        return format!("[{table}]");
    }
    match table.splitn(3, '.').collect::<Vec<_>>().as_slice() {
        [list @ ("strategy" | "analyst"), _, nested] => format!("[{list}.{nested}]"),
        [list @ ("feed" | "analyst"), _] => format!("[[{list}]]"),
        _ => "[[strategy]]".to_owned(),
    }
}

/// A layer: tables with their keys.
type Tabled = Vec<Entry>;

/// Sections of which there are several, each with a name, in the project's file only.
const LISTS: [&str; 3] = ["strategy", "feed", "analyst"];

/// A table of a list, and where it stands.
type Listed = (Vec<Entry>, Origin);

struct Loader {
    problems: Vec<Problem>,
    environment: Environment,
}

impl Loader {
    /// Reads a file. The project's has to be there.
    fn file(&mut self, path: &Path, demanded: bool) -> Tabled {
        let origin = Origin::File { path: path.into(), line: 0 };
        match std::fs::read_to_string(path) {
            Ok(text) => raw::parse(path, &text).unwrap_or_else(|problems| {
                self.problems.extend(problems);
                Vec::new()
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !demanded => Vec::new(),
            Err(error) => {
                let text = format!("the configuration cannot be read: {error}");
                self.problems.push(Problem::new(&origin, "", text));
                Vec::new()
            }
        }
    }

    /// Tables made of `BRIER_SECTION__KEY`.
    fn environment_layer(&mut self) -> Tabled {
        let mut layer = Tabled::new();
        for (name, value, origin) in self.environment.settings() {
            let path: Vec<String> = name.split("__").map(str::to_ascii_lowercase).collect();
            if let [section, key] = path.as_slice() {
                put(&mut layer, &[section, key], value, &origin);
            } else {
                let text = "expected BRIER_SECTION__KEY, with two underscores between section and key and nowhere else";
                self.problems.push(Problem::new(&origin, "", text));
            }
        }
        layer
    }

    /// Tables made of `--set section.key=value`. Of two for one key the last counts.
    fn flags(&mut self, flags: &[String]) -> Tabled {
        let mut layer = Tabled::new();
        for flag in flags.iter().rev() {
            let Some((path, value)) = flag.split_once('=') else {
                let shown: String =
                    if crate::secrets::looks_secret(flag) { String::new() } else { flag.chars().take(64).collect() };
                let text = format!("expected section.key=value, found `{shown}`");
                self.problems.push(Problem::new(&Origin::Flag, "", text));
                continue;
            };
            let path: Vec<&str> = path.trim().split('.').collect();
            if path.len() < 2 || path.len() > 5 || path.iter().any(|part| part.is_empty()) {
                let text = format!("expected section.key before the `=`, found `{}`", path.join("."));
                self.problems.push(Problem::new(&Origin::Flag, "", text));
                continue;
            }
            put(&mut layer, &path, value, &Origin::Flag);
        }
        layer
    }

    /// Sections that are none, and those that are no tables.
    fn check_sections(&mut self, layers: &[&Tabled]) {
        for entry in layers.iter().flat_map(|layer| layer.iter()) {
            if LISTS.contains(&entry.key.as_str()) {
                if entry.origin != Origin::Flag && !matches!(entry.value, Raw::List(_)) {
                    let text = format!("expected `[[{}]]` tables in a file", entry.key);
                    let problem = Problem::new(&entry.origin, entry.key.clone(), text);
                    self.problems
                        .push(problem.hint(format!("write it with two brackets, once for each {}", entry.key)));
                }
            } else if !SECTIONS.iter().any(|section| section.name == entry.key) {
                self.problems.push(unknown_section(entry));
            } else if !matches!(entry.value, Raw::Table(_)) {
                let text = format!("expected a table `[{}]`, found {}", entry.key, entry.value.shown());
                self.problems.push(Problem::new(&entry.origin, entry.key.clone(), text));
            }
        }
    }

    /// The tables of each list with their places.
    fn lists(&mut self, project: &Tabled, user: &Tabled) -> [Vec<Listed>; 3] {
        LISTS.map(|list| self.list(list, project, user))
    }

    fn list(&mut self, list: &str, project: &Tabled, user: &Tabled) -> Vec<Listed> {
        if let Some(entry) = user.iter().find(|entry| entry.key == list) {
            let problem =
                Problem::new(&entry.origin, list, format!("each `[[{list}]]` belongs into the project's file"));
            self.problems.push(problem.hint("move it there, so that no run does what its own file does not say"));
        }
        let mut found = Vec::new();
        for entry in project.iter().filter(|entry| entry.key == list) {
            let Raw::List(tables) = &entry.value else { continue };
            for table in tables {
                if let Raw::Table(entries) = table {
                    let origin = entries.first().map_or_else(|| entry.origin.clone(), |first| first.origin.clone());
                    found.push((entries.clone(), origin));
                } else {
                    let text = format!("expected a table, found {}", table.shown());
                    self.problems.push(Problem::new(&entry.origin, list, text));
                }
            }
        }
        found
    }

    fn finish(mut self, here: &Path, layers: &[Tabled], [strategies, feeds, analysts]: &[Vec<Listed>; 3]) -> Loaded {
        let home = self.environment.home().map(Path::to_owned);
        let bases = Bases { here, home: home.as_deref() };
        let problems = &mut self.problems;
        let sections: Vec<(&'static str, Values)> = SECTIONS
            .iter()
            .map(|section| {
                let layers: Vec<Layer<'_>> = layers.iter().map(|layer| table(layer, section.name)).collect();
                (section.name, layers::resolve(section.name, section.keys, &layers, &bases, problems))
            })
            .collect();
        let mut tables = Tables { sections, strategies: Vec::new(), feeds: Vec::new(), analysts: Vec::new() };
        for (_, values) in tables.sections.iter_mut().filter(|(name, _)| matches!(*name, "kalshi" | "polymarket")) {
            // With an address alone it is an exchange there.
            if values.maybe_text("url").is_some() {
                values.imply("env", Value::Text("local".to_owned()), "url");
            }
        }
        for (entries, flagged, origin) in flagged("strategy", &layers[0], strategies, problems) {
            let layers = [flagged, entries];
            let strategy = strategy_tables(&layers, origin, &bases, tables.section("exits"), problems);
            tables.strategies.push(strategy);
        }
        for (entries, flagged, origin) in flagged("feed", &layers[0], feeds, problems) {
            let name = name_of(entries).unwrap_or("?");
            let layers = [flagged, entries].map(|entries| Layer { entries: entries.iter().collect() });
            let values = resolve_listed(&format!("feed.{name}"), FEED, &layers, origin, &bases, problems);
            tables.feeds.push((values, origin.clone()));
        }
        for (entries, flagged, origin) in flagged("analyst", &layers[0], analysts, problems) {
            tables.analysts.push(analyst_tables([flagged, entries], origin, &bases, problems));
        }
        let mut contradictions = Vec::new();
        let mut config = settings::build(&tables, self.environment.data_folder(), &mut contradictions);
        contradictions.retain(|found| !follows(found, problems));
        problems.append(&mut contradictions);
        let settings = all_settings(&tables);
        config.text = as_file(&settings, false);
        problems.sort_by(|one, other| (rank(&one.origin), &one.origin).cmp(&(rank(&other.origin), &other.origin)));
        problems.dedup();
        let data_dir = config.run.data_dir.clone();
        Loaded {
            data_dir,
            config: problems.is_empty().then_some(config),
            settings,
            problems: self.problems,
            environment: self.environment,
        }
    }
}

/// Whether a contradiction may be nothing but the consequence of another mistake: telling it would mislead.
fn follows(found: &Problem, mistakes: &[Problem]) -> bool {
    // A key's three settings speak about one thing.
    let about = |key: &str| key.trim_end_matches("_path").trim_end_matches("_id").to_owned();
    let same = |problem: &Problem| about(&problem.key) == about(&found.key);
    mistakes.iter().any(|problem| is_of_file(problem) || same(problem)) || found.key.is_empty() && !mistakes.is_empty()
}

/// Whether a file as a whole cannot be read.
fn is_of_file(problem: &Problem) -> bool {
    problem.key.is_empty() && matches!(problem.origin, Origin::File { .. })
}

/// What is said in files first, by place; then what is missing.
fn rank(origin: &Origin) -> u8 {
    match origin {
        Origin::File { .. } => 0,
        Origin::Environment { .. } => 1,
        Origin::Flag => 2,
        Origin::Default => 3,
    }
}

/// What is said of a table that is none.
const UNKNOWN_SECTION: &str = "unknown section";

fn unknown_section(entry: &Entry) -> Problem {
    let names = || SECTIONS.iter().map(|section| section.name).chain(LISTS);
    let shown: String = entry.key.chars().take(64).collect();
    let problem = Problem::new(&entry.origin, shown, UNKNOWN_SECTION);
    let holder = |key: &str| SECTIONS.iter().find(|section| section.keys.iter().any(|known| known.name == key));
    match (nearest(&entry.key, names()), holder(&entry.key)) {
        (_, Some(section)) => problem.hint(format!("it is a key of `[{}]`", section.name)),
        (Some(meant), None) => problem.hint(format!("did you mean `{meant}`?")),
        (None, None) => problem.hint(format!("there are {}", names().collect::<Vec<_>>().join(", "))),
    }
}

/// Puts a loose value at a path of two to five names; the first one to come stays.
fn put(layer: &mut Tabled, path: &[impl AsRef<str>], value: &str, origin: &Origin) {
    let Some((key, rest)) = path.split_first() else { return };
    let key = key.as_ref();
    if rest.is_empty() {
        layer.push(Entry { key: key.to_owned(), value: Raw::Loose(value.to_owned()), origin: origin.clone() });
        return;
    }
    let known = layer.iter_mut().find_map(|entry| match &mut entry.value {
        Raw::Table(entries) if entry.key == key => Some(entries),
        _ => None,
    });
    if let Some(entries) = known {
        put(entries, rest, value, origin);
    } else {
        let mut entries = Tabled::new();
        put(&mut entries, rest, value, origin);
        layer.push(Entry { key: key.to_owned(), value: Raw::Table(entries), origin: origin.clone() });
    }
}

/// A table of a layer; nothing where there is none.
fn table<'a>(layer: &'a [Entry], name: &str) -> Layer<'a> {
    let tables = layer.iter().filter(|entry| entry.key == name);
    let entries = tables.flat_map(|entry| match &entry.value {
        Raw::Table(entries) => entries.iter().collect(),
        _ => Vec::new(),
    });
    Layer { entries: entries.collect() }
}

fn name_of(entries: &[Entry]) -> Option<&str> {
    entries.iter().find(|entry| entry.key == "name").and_then(|entry| entry.value.text())
}

/// The tables of a list, each with what flags say of it. Flags for names that no table has are told.
fn flagged<'a>(
    list: &str,
    flags: &'a [Entry],
    tables: &'a [Listed],
    problems: &mut Vec<Problem>,
) -> Vec<(&'a [Entry], &'a [Entry], &'a Origin)> {
    let flags = table(flags, list);
    for entry in &flags.entries {
        if !tables.iter().any(|(entries, _)| name_of(entries) == Some(entry.key.as_str())) {
            let names = tables.iter().filter_map(|(entries, _)| name_of(entries));
            let problem =
                Problem::new(&Origin::Flag, format!("{list}.{}", entry.key), format!("no {list} has this name"));
            problems.push(match nearest(&entry.key, names) {
                Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
                None => problem.hint("only what the file has can be changed by flags"),
            });
        }
    }
    let of = |entries: &[Entry]| {
        let name = name_of(entries)?;
        flags.entries.iter().find(|entry| entry.key == name).and_then(|entry| match &entry.value {
            Raw::Table(entries) => Some(entries.as_slice()),
            _ => None,
        })
    };
    tables.iter().map(|(entries, origin)| (entries.as_slice(), of(entries).unwrap_or_default(), origin)).collect()
}

/// Resolves one table of a list. What is missing in it has its place.
fn resolve_listed(
    prefix: &str,
    keys: &'static [Key],
    layers: &[Layer<'_>],
    origin: &Origin,
    bases: &Bases<'_>,
    problems: &mut Vec<Problem>,
) -> Values {
    let from = problems.len();
    let values = layers::resolve(prefix, keys, layers, bases, problems);
    for problem in problems[from..].iter_mut().filter(|problem| problem.origin == Origin::Default) {
        problem.origin = origin.clone();
    }
    values
}

/// Resolves one strategy: its own keys, its parameters by its kind, and its exits over those of all.
fn strategy_tables(
    layers: &[&[Entry]],
    origin: &Origin,
    bases: &Bases<'_>,
    exits: &Values,
    problems: &mut Vec<Problem>,
) -> StrategyTables {
    let name = layers.iter().find_map(|entries| name_of(entries)).unwrap_or("?");
    let prefix = format!("strategy.{name}");
    let own = without_nested("strategy", &prefix, &["parameters", "exits"], layers, problems);
    let keys = resolve_listed(&prefix, STRATEGY, &own, origin, bases, problems);
    let kind = keys.maybe_text("kind").and_then(|kind| kinds::find(&kind));
    let nested = |name: &str| layers.iter().map(|entries| table(entries, name)).collect::<Vec<_>>();
    let parameters = match kind {
        Some(kind) => {
            layers::resolve(&format!("{prefix}.parameters"), kind.parameters, &nested("parameters"), bases, problems)
        }
        None => Values::default(),
    };
    let own_exits = layers::resolve(&format!("{prefix}.exits"), keys::EXITS, &nested("exits"), bases, problems);
    StrategyTables { keys, kind, parameters, exits: own_exits.or(exits), origin: origin.clone() }
}

/// The layers of a listed table without the tables in it, which have to be some.
fn without_nested<'a>(
    list: &str,
    prefix: &str,
    nested: &[&str],
    layers: &[&'a [Entry]],
    problems: &mut Vec<Problem>,
) -> Vec<Layer<'a>> {
    for entry in layers.iter().flat_map(|entries| entries.iter()) {
        if nested.contains(&entry.key.as_str()) && !matches!(entry.value, Raw::Table(_)) {
            let text = format!("expected a table `[{list}.{}]`, found {}", entry.key, entry.value.shown());
            problems.push(Problem::new(&entry.origin, format!("{prefix}.{}", entry.key), text));
        }
    }
    let own = |entries: &&'a [Entry]| Layer {
        entries: entries.iter().filter(|entry| !nested.contains(&entry.key.as_str())).collect(),
    };
    layers.iter().map(own).collect()
}

/// Resolves one analyst: its own keys, its parameters by its kind, and each of its inputs. Flags come first, then the file.
fn analyst_tables(
    layers: [&[Entry]; 2],
    origin: &Origin,
    bases: &Bases<'_>,
    problems: &mut Vec<Problem>,
) -> AnalystTables {
    let name = layers.iter().find_map(|entries| name_of(entries)).unwrap_or("?");
    let prefix = format!("analyst.{name}");
    let own = without_nested("analyst", &prefix, &["parameters", "inputs"], &layers, problems);
    let keys = resolve_listed(&prefix, ANALYST, &own, origin, bases, problems);
    let Some(kind) = keys.maybe_text("kind").and_then(|kind| analyst_kinds::find(&kind)) else {
        let origin = origin.clone();
        return AnalystTables { keys, kind: None, parameters: Values::default(), inputs: Vec::new(), origin };
    };
    let nested = |name: &str| layers.map(|entries| table(entries, name));
    let parameters = nested("parameters");
    let parameters =
        resolve_listed(&format!("{prefix}.parameters"), kind.parameters, &parameters, origin, bases, problems);
    let [flagged, filed] = nested("inputs");
    for entry in flagged.entries.iter().filter(|entry| !filed.entries.iter().any(|it| it.key == entry.key)) {
        let text = "no input has this name; only what the file has can be changed by flags";
        problems.push(Problem::new(&entry.origin, format!("{prefix}.inputs.{}", entry.key), text));
    }
    let mut inputs = Vec::new();
    for entry in filed.entries {
        let prefix = format!("{prefix}.inputs.{}", entry.key);
        let Raw::Table(entries) = &entry.value else {
            let text = format!("expected a table `[analyst.inputs.{}]`, found {}", entry.key, entry.value.shown());
            problems.push(Problem::new(&entry.origin, prefix, text));
            continue;
        };
        if !value::is_name(&entry.key) {
            let text = format!("expected {} for an input", Kind::Name.expected());
            problems.push(Problem::new(&entry.origin, prefix, text));
            continue;
        }
        let origin = entries.first().map_or(&entry.origin, |first| &first.origin);
        let flags = flagged.entries.iter().find(|flag| flag.key == entry.key).map(|flag| &flag.value);
        let flags = if let Some(Raw::Table(flags)) = flags { flags.as_slice() } else { &[] };
        let layers = [flags, entries].map(|entries| Layer { entries: entries.iter().collect() });
        let values = resolve_listed(&prefix, kind.input, &layers, origin, bases, problems);
        inputs.push((entry.key.clone(), values, origin.clone()));
    }
    AnalystTables { keys, kind: Some(kind), parameters, inputs, origin: origin.clone() }
}

fn all_settings(tables: &Tables) -> Vec<Setting> {
    let sections = tables.sections.iter().flat_map(|(_, values)| values.settings());
    let strategies = tables
        .strategies
        .iter()
        .flat_map(|it| it.keys.settings().iter().chain(it.exits.settings()).chain(it.parameters.settings()));
    let feeds = tables.feeds.iter().flat_map(|(values, _)| values.settings());
    let analysts = tables.analysts.iter().flat_map(|it| {
        let inputs = it.inputs.iter().flat_map(|(_, input, _)| input.settings());
        it.keys.settings().iter().chain(it.parameters.settings()).chain(inputs)
    });
    sections.chain(strategies).chain(feeds).chain(analysts).cloned().collect()
}
