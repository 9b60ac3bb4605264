//! The process's environment with what `.env` beside the configuration adds to it: what is set already is never replaced.
//!
//! Invariant: no debug print shows a value; what a `.env` that others can read says is good for settings, not for secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::problem::{Origin, Problem};
use crate::secrets::SecretError;

/// Variables by name. An empty one counts as unset.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, Variable>,
    /// The `.env` that was read, and its permission bits.
    file: Option<(Arc<Path>, u32)>,
}

#[derive(Clone)]
struct Variable {
    value: Zeroizing<String>,
    from_file: bool,
}

impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Environment").field("variables", &self.variables.len()).finish_non_exhaustive()
    }
}

impl Environment {
    /// What the process was started with. What is no Unicode is left out.
    pub fn of_process() -> Self {
        Self::from_pairs(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Given pairs.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in pairs {
            environment.add(name, value, false);
        }
        environment
    }

    fn add(&mut self, name: String, value: String, from_file: bool) {
        let value = Zeroizing::new(value);
        if !value.trim().is_empty() {
            self.variables.entry(name).or_insert(Variable { value, from_file });
        }
    }

    /// Adds what `.env` at `path` says and nobody has said yet. Without the file nothing changes.
    pub(super) fn read_file(&mut self, path: &Path) -> Result<(), Problem> {
        let origin = Origin::File { path: path.into(), line: 0 };
        let metadata = match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Problem::new(&origin, "", error.to_string())),
            Ok(metadata) => metadata,
        };
        let unread = |error: &dotenvy::Error| match error {
            // The library's own text would repeat the line, which may hold a secret.
            dotenvy::Error::LineParse(..) => Problem::new(&origin, "", "expected lines of NAME=VALUE, found another"),
            error => Problem::new(&origin, "", error.to_string()),
        };
        let lines = dotenvy::from_path_iter(path).map_err(|error| unread(&error))?;
        for line in lines {
            let (name, value) = line.map_err(|error| unread(&error))?;
            self.add(name, value, true);
        }
        self.file = Some((path.into(), mode(&metadata)));
        Ok(())
    }

    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|variable| variable.value.as_str())
    }

    /// The user's home folder.
    pub fn home(&self) -> Option<&Path> {
        self.get("HOME").map(Path::new)
    }

    /// A folder that a variable names, or one under the home folder.
    fn folder(&self, variable: &str, under_home: &str) -> Option<PathBuf> {
        let named = self.get(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| self.home().map(|home| home.join(under_home))).map(|folder| folder.join("brier"))
    }

    /// Where the user's own configuration is.
    pub fn config_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_CONFIG_HOME", ".config")
    }

    /// Where data goes unless told otherwise.
    pub fn data_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_DATA_HOME", ".local/share")
    }

    /// Where locks of accounts are.
    pub fn state_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_STATE_HOME", ".local/state")
    }

    /// Every setting in it: variables `BRIER_SECTION__KEY`, by name.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&str, &str, Origin)> {
        self.variables.iter().filter_map(|(name, variable)| {
            let setting = name.strip_prefix("BRIER_").filter(|rest| rest.contains("__"))?;
            let file = self.file.as_ref().filter(|_| variable.from_file).map(|(path, _)| Arc::clone(path));
            Some((setting, variable.value.as_str(), Origin::Environment { name: name.clone(), file }))
        })
    }

    /// A secret. One from a `.env` that others can read is refused.
    pub(crate) fn secret(&self, name: &str) -> Result<Zeroizing<String>, SecretError> {
        let variable = self.variables.get(name).ok_or_else(|| SecretError::Unset { name: name.to_owned() })?;
        match &self.file {
            Some((path, mode)) if variable.from_file && mode & 0o077 != 0 => {
                Err(SecretError::LooseDotEnv { name: name.to_owned(), path: path.to_path_buf(), mode: *mode })
            }
            _ => Ok(variable.value.clone()),
        }
    }
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o777
}

/// Elsewhere files carry access lists that the standard library cannot read: nothing is checked.
#[cfg(not(unix))]
fn mode(_metadata: &std::fs::Metadata) -> u32 {
    0o600
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::secrets::Reference;

    fn pairs(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_file_adds_and_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "# keys\nKEPT=file\nADDED='from file'\nexport BRIER_RISK__X=1\n").unwrap();
        let mut environment = pairs(&[("KEPT", "process"), ("EMPTY", " "), ("BRIER_READY_FILE", "r")]);
        environment.read_file(&path).unwrap();
        assert_eq!(
            (environment.get("KEPT"), environment.get("ADDED"), environment.get("EMPTY")),
            (Some("process"), Some("from file"), None)
        );
        let settings: Vec<String> =
            environment.settings().map(|(name, value, origin)| format!("{name}={value} {origin}")).collect();
        assert_eq!(settings, [format!("RISK__X=1 env BRIER_RISK__X ({})", path.display())]);
        environment.read_file(&folder.path().join("none")).unwrap();
    }

    #[test]
    fn a_loose_file_gives_settings_and_no_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "TOKEN=hunter2\n").unwrap();
        let read = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut environment = pairs(&[("OTHER", "x")]);
            environment.read_file(&path).unwrap();
            assert_eq!(environment.get("TOKEN"), Some("hunter2"));
            assert_eq!(Reference::Environment("OTHER".to_owned()).read(&environment).unwrap().as_str(), "x");
            Reference::Environment("TOKEN".to_owned()).read(&environment)
        };
        assert_eq!(read(0o600).unwrap().as_str(), "hunter2");
        let told = read(0o644).unwrap_err().to_string();
        assert!(told.contains("found 0644; run `chmod 600") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn a_line_that_is_none_is_refused_without_repeating_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "hunter2 is my key\n").unwrap();
        let told = Environment::default().read_file(&path).unwrap_err().to_string();
        assert!(told.ends_with("expected lines of NAME=VALUE, found another") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn secrets_come_from_private_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "hunter2\n").unwrap();
        let read = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Reference::File(path.clone()).read(&Environment::default())
        };
        assert_eq!(read(0o600).unwrap().as_str(), "hunter2");
        assert!(matches!(read(0o640), Err(SecretError::Permissions { mode: 0o640, .. })));
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(read(0o600), Err(SecretError::Empty { .. })));
        let unset = Reference::Environment("NONE".to_owned()).read(&Environment::default()).unwrap_err();
        assert_eq!(
            unset.to_string(),
            "environment variable NONE: not set; set it, or put it into `.env` beside the configuration"
        );
    }
}
