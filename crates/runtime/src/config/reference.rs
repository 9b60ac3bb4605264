//! The reference page of every key, written from the same table that the configuration is read by.

use std::fmt::Write as _;

use super::analyst_kinds::{ANALYST_KINDS, LANGUAGE};
use super::keys::{ANALYST, FEED, Key, SECTIONS, STRATEGY, Section};
use super::kinds::KINDS;

const HEAD: &str = "\
# Configuration

Every key that `brier run` knows, with what it may be and what it is unless you say otherwise. This page is written from the
table that the program reads by, and a test holds it against it.

A value is looked up in this order; the first place that says something counts:

1. `--set section.key=value` on the command line, for a strategy, feed or analyst `--set strategy.NAME.key=value`;
2. the environment, `BRIER_SECTION__KEY` (two underscores), then a file `.env` beside the configuration;
3. the configuration that the command names;
4. the user's own, `brier/config.toml` in `$XDG_CONFIG_HOME` or `~/.config`, which holds no strategies, feeds or analysts;
5. the default.

`brier config show CONFIG` prints what counts and who said it; `brier config check CONFIG` tells everything that is wrong at
once. Unknown keys are refused. Units are in the names: `_ms`, `_s`, `_dollars`, `_contracts`. Dollars and contracts are read
from their digits, exactly. Relative paths count from the file that says them.

Secrets are never written here, only where they are: a path to a file that only you can read (`chmod 600`), `file:PATH`, or
`env:NAME`. A `.env` that others can read is good for settings, not for secrets.

The smallest configuration that runs, on an exchange of its own with play money:

```toml
[paper]
catalog = \"catalog.json\"

[[strategy]]
name = \"maker\"
kind = \"market_maker\"
markets = [\"kalshi:KXTEST-27JAN01-A\"]
```
";

/// The page, as Markdown.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for section in SECTIONS {
        table(&mut page, section);
    }
    page.push_str("\n## [[feed]]\n\nOne table for each feed, in the project's file only. What the numbers are, by vendor: docs/feeds.md.\n\n");
    keys(&mut page, FEED);
    page.push_str(
        "\n## [[strategy]]\n\nOne table for each strategy, in the project's file only. Keep their order: orders and fills are kept by it. \
         `[strategy.exits]` takes the keys of `[exits]` for this strategy alone.\n\n",
    );
    keys(&mut page, STRATEGY);
    for kind in KINDS {
        put(&mut page, format_args!("\n### kind = \"{}\"\n\n{}\n", kind.name, kind.meaning));
        if !kind.parameters.is_empty() {
            page.push_str("\n`[strategy.parameters]`:\n\n");
            keys(&mut page, kind.parameters);
        }
    }
    page.push_str(
        "\n## [[analyst]]\n\nOne table for each analyst, in the project's file only. Its `[analyst.parameters]` are by its kind; each number that it reads is a table \
         `[analyst.inputs.NAME]`. What it does with them: docs/analyst.md.\n\n",
    );
    keys(&mut page, ANALYST);
    let models = ANALYST_KINDS.iter().find(|kind| kind.name != LANGUAGE).expect("some kinds have a model");
    page.push_str("\n`[analyst.inputs.NAME]`, of every kind with a model:\n\n");
    keys(&mut page, models.input);
    for kind in ANALYST_KINDS {
        put(
            &mut page,
            format_args!("\n### kind = \"{}\"\n\n{}\n\n`[analyst.parameters]`:\n\n", kind.name, kind.meaning),
        );
        keys(&mut page, kind.parameters);
        let more: Vec<Key> = kind.input.iter().filter(|key| !models.input.contains(key)).copied().collect();
        if !more.is_empty() {
            let besides =
                if kind.name == LANGUAGE { "`[analyst.inputs.NAME]`" } else { "`[analyst.inputs.NAME]`, besides" };
            put(&mut page, format_args!("\n{besides}:\n\n"));
            keys(&mut page, &more);
        }
    }
    page
}

fn table(page: &mut String, section: &Section) {
    put(page, format_args!("\n## [{}]\n\n{}\n\n", section.name, section.meaning));
    keys(page, section.keys);
}

fn keys(page: &mut String, keys: &[Key]) {
    page.push_str("| key | may be | default | |\n|---|---|---|---|\n");
    for key in keys {
        let default = match key.default {
            Some(default) => format!("`{default}`"),
            None if key.required => "has to be set".to_owned(),
            None => "unset".to_owned(),
        };
        put(page, format_args!("| `{}` | {} | {default} | {} |\n", key.name, key.kind.expected(), key.meaning));
    }
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("a string takes every text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_repository_is_the_page_of_the_program() {
        expect_test::expect_file!["../../../../docs/configuration.md"].assert_eq(&page());
    }

    #[test]
    fn names_of_keys_with_units_end_in_them() {
        use crate::config::Kind;
        let strategy = Section { name: "strategy", meaning: "", keys: STRATEGY };
        let feed = Section { name: "feed", meaning: "", keys: FEED };
        let kinds = ANALYST_KINDS.iter().map(|kind| Section { name: kind.name, meaning: "", keys: kind.parameters });
        let kinds: Vec<Section> = kinds.collect();
        for section in SECTIONS.iter().chain([&strategy, &feed]).chain(&kinds) {
            for key in section.keys {
                let unit = match key.kind {
                    Kind::Dollars | Kind::Price => "_dollars",
                    Kind::Contracts => "_contracts",
                    _ => continue,
                };
                assert!(key.name.ends_with(unit), "{}.{} holds {unit}", section.name, key.name);
            }
        }
    }

    #[test]
    fn no_key_is_named_twice() {
        let kinds = ANALYST_KINDS.iter().flat_map(|kind| [kind.parameters, kind.input]);
        for keys in SECTIONS.iter().map(|section| section.keys).chain([STRATEGY, FEED, ANALYST]).chain(kinds) {
            for (index, key) in keys.iter().enumerate() {
                assert!(keys[..index].iter().all(|other| other.name != key.name), "{}", key.name);
            }
        }
    }
}
