//! The conformance run: our exchange as a process, judged by the official Python SDK and an independent WebSocket client.
//!
//! - The SDK needs Python 3.13: taken from PATH, else from pyenv, else unpacked from Debian by `.ci/python313`.
//! - Its packages live in `target/sdk-venv`, at the exact versions of `tests/sdk/requirements.txt`.
//! - The runner (`tests/sdk/run.py`) starts and stops the exchange itself.
//!
//! Source: reference, section 18, read 2026-11-20.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Context;
use crate::cargo::{cargo, output, run};
use crate::failure::Failure;
use crate::scan;

/// What the interpreter must answer to be taken.
const PROBE: &str = "import sys; sys.exit(sys.version_info[:2] != (3, 13))";

/// Builds `brier`, prepares Python, runs the tests named by the arguments, or all.
pub(crate) fn check(context: &Context) -> Result<(), Failure> {
    run(cargo(context).args(["build", "--locked", "--quiet", "--package", "brier-cli", "--bin", "brier"]))?;
    let python = environment(context, "sdk-venv", "tests/sdk/requirements.txt")?;
    let runner = context.root.join("tests/sdk/run.py");
    let program = target(context)?.join("debug").join("brier");
    run(Command::new(python)
        .current_dir(&context.root)
        .arg("-uB")
        .arg(runner)
        .arg("--brier")
        .arg(program)
        .args(&context.args))
}

/// Cargo's target folder, wherever it is configured to be.
pub(crate) fn target(context: &Context) -> Result<PathBuf, Failure> {
    let metadata = crate::deps::metadata(context)?;
    Ok(PathBuf::from(crate::deps::text(&metadata, "target_directory")))
}

/// The interpreter of the virtual environment `name` under `target`, which has exactly the packages of `requirements`.
/// Made anew when the interpreter or the list of packages has changed.
pub(crate) fn environment(context: &Context, name: &str, requirements: &str) -> Result<PathBuf, Failure> {
    let target = target(context)?;
    let requirements = context.root.join(requirements);
    let base = interpreter(context, &target)?;
    let wanted = format!("{}\n{}", base.display(), scan::read(&requirements)?);
    let folder = target.join(name);
    let stamp = folder.join("made-from");
    let python = folder.join("bin").join("python");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    // Debian's interpreter, unpacked, cannot put its pip into a new environment; it lies beside it as a wheel.
    let wheel = pip_wheel(&base);
    let without_pip = wheel.as_ref().map(|_| "--without-pip");
    run(Command::new(&base).args(["-m", "venv", "--clear"]).args(without_pip).arg(&folder))?;
    let mut pip = Command::new(&python);
    if let Some(wheel) = wheel {
        pip.env("PYTHONPATH", wheel);
    }
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        "--requirement",
    ]);
    run(pip.arg(&requirements))?;
    std::fs::write(&stamp, wanted)
        .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", stamp.display())))?;
    Ok(python)
}

/// The pip that lies beside an interpreter unpacked by `.ci/python313`.
fn pip_wheel(base: &Path) -> Option<PathBuf> {
    let wheels = base.parent()?.join("root/usr/share/python-wheels");
    let mut found = std::fs::read_dir(wheels).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    found.find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("pip-")))
}

/// A Python 3.13: PATH, then pyenv, then Debian's packages unpacked under `target`.
fn interpreter(context: &Context, target: &Path) -> Result<PathBuf, Failure> {
    let mut candidates = vec![PathBuf::from("python3.13"), PathBuf::from("python3")];
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".pyenv")));
    let versions = pyenv.and_then(|root| std::fs::read_dir(root.join("versions")).ok());
    let installed = versions.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path().join("bin/python3.13")));
    candidates.extend(installed.filter(|path| path.is_file()));
    if let Some(found) = candidates.into_iter().find(|path| is_wanted(path)) {
        // The real path: a shim on PATH may stand for another version in another folder.
        let path = output(Command::new(found).args(["-c", "import sys; print(sys.executable)"]))?;
        return Ok(PathBuf::from(path.trim_end()));
    }
    let folder = target.join("python313");
    run(Command::new("bash").arg(context.root.join(".ci/python313")).arg(&folder))?;
    let unpacked = folder.join("python3.13");
    if is_wanted(&unpacked) {
        Ok(unpacked)
    } else {
        Err(Failure::new(format!("`{}` does not run", unpacked.display())))
    }
}

/// Whether this program runs and is Python 3.13. The official SDK refuses older ones; newer ones are not what it was tried with.
fn is_wanted(path: &Path) -> bool {
    let probe = Command::new(path)
        .args(["-c", PROBE])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}
