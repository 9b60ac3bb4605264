//! The process's log: JSON, one object a line, or text; to stderr or a file that only its owner can read.
//!
//! Invariant: nothing here adds a secret; what is logged comes from types whose debug prints hold none.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::LogConfig;

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened.
    #[error("log file {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This process has one already.
    #[error("the log is set up already")]
    Taken,
}

/// Reads a level, also by module; `None` when it is none.
pub(crate) fn filter(level: &str) -> Option<EnvFilter> {
    EnvFilter::builder().parse(level).ok()
}

/// Starts the log of this process.
///
/// # Errors
/// [`LogError`].
pub fn start(config: &LogConfig) -> Result<(), LogError> {
    let writer = match &config.file {
        Some(path) => BoxMakeWriter::new(Arc::new(open(path)?)),
        None => BoxMakeWriter::new(io::stderr),
    };
    tracing::subscriber::set_global_default(subscriber(config, writer)).map_err(|_taken| LogError::Taken)
}

fn open(path: &Path) -> Result<File, LogError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| LogError::File { path: path.into(), source })
}

fn subscriber<W>(config: &LogConfig, writer: W) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = filter(&config.level).unwrap_or_else(|| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false);
    if config.json {
        Box::new(log.json().flatten_event(true).with_current_span(false).with_span_list(true).finish())
    } else {
        Box::new(log.finish())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn said(json: bool, level: &str) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let config = LogConfig { json, level: level.to_owned(), file: None };
        tracing::subscriber::with_default(subscriber(&config, move || writer.clone()), || {
            tracing::info!(market = "KXA-1", contracts = 3, "order placed");
            tracing::debug!("too much");
        });
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_is_one_object_a_line_with_its_fields() {
        let text = said(true, "info");
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&line["level"], &line["message"], &line["market"], &line["contracts"]),
            (&"INFO".into(), &"order placed".into(), &"KXA-1".into(), &3.into(),)
        );
        assert!(line["timestamp"].is_string() && line["target"].is_string());
    }

    #[test]
    fn levels_are_kept_by_module() {
        assert_eq!(said(false, "error"), "");
        assert_eq!(said(false, "debug").lines().count(), 2);
        assert_eq!(said(false, "warn,brier_runtime=debug").lines().count(), 2);
        assert!(filter("info,brier_kalshi=debug").is_some() && filter("brier_kalshi=loud").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_log_file_is_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        assert!(matches!(open(folder.path()), Err(LogError::File { .. })));
    }
}
