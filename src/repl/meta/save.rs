//! `:save`: the good lines of the session as a script.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use jiff::Zoned;

use crate::error::{Error, Result};
use crate::lang::lint::{self, NoModules};
use crate::lang::natives::Docs;
use crate::output::Style;
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;
use crate::replacement::Replacement;
use crate::secrets::is_secret;
use crate::session::{bare_engine, catalog, offer_virsh};

/// `:save FILE`, and `:save! FILE` for a file that is there already.
pub(super) fn run(shell: &mut Shell, rest: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let (overwrites, name) = match rest.strip_prefix('!') {
        Some(name) => (true, name.trim()),
        None => (false, rest),
    };
    if name.is_empty() {
        return Err(Error::usage("`:save` needs the name of a file").hint("such as `:save night.rhai`"));
    }
    let journal = &shell.sitting().journal;
    let (lines, secrets) = (journal.len(), journal.secrets());
    if lines == 0 {
        return Err(Error::usage("there is nothing to save: no line has succeeded yet"));
    }
    let path = path(name);
    if !overwrites && path.exists() {
        return Err(Error::usage(format!("{} is there already", path.display()))
            .operation("save")
            .hint(format!("`:save! {name}` replaces it")));
    }
    let text = format!("{}\n{}", head(shell, name), journal.script());
    write(&path, &text).map_err(|error| Error::io(path.display().to_string(), &error).operation("save"))?;
    let lines = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
    screen.tell(&shell.dim(&format!("saved {lines} as {}", path.display())));
    if secrets > 0 {
        warn(shell, &format!("{secrets} left out: a secret may be in them"), screen);
    }
    for finding in findings(shell, name, &text) {
        warn(shell, &finding, screen);
    }
    Ok(None)
}

/// Where a name leads; `~/` is the home folder.
pub(super) fn path(name: &str) -> PathBuf {
    let name = name.trim_matches(['"', '\'', '`']);
    match name.strip_prefix("~/").zip(std::env::var_os("HOME")) {
        Some((rest, home)) => Path::new(&home).join(rest),
        None => name.into(),
    }
}

/// The lines that say what it is and how it runs.
fn head(shell: &Shell, name: &str) -> String {
    let connection = shell.session().connection();
    let uri = shell.sitting().journal.first_uri().unwrap_or_else(|| connection.uri());
    let uri = if uri == "default" || is_secret(&uri) { String::new() } else { format!(" -c {uri}") };
    let readonly = if connection.is_readonly() { " -r" } else { "" };
    format!(
        "#!/usr/bin/env virhai\n//! What was typed at the prompt, saved {}.\n//!\n//! Run it with `virhai{readonly}{uri} {name}`.\n",
        Zoned::now().strftime("%Y-%m-%d %H:%M")
    )
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    match Replacement::begin(path)? {
        Some(mut replacement) => {
            replacement.file().write_all(text.as_bytes())?;
            replacement.commit()
        }
        None => Err(ErrorKind::InvalidInput.into()),
    }
}

/// What `virhai check` will say: a line that was left out may have made what a later one uses.
fn findings(shell: &Shell, name: &str, text: &str) -> Vec<String> {
    let mut engine = bare_engine(Docs::Kept);
    offer_virsh(&mut engine, shell.session().modules());
    let found = lint::check(text, name, &catalog(&engine), &NoModules, &engine);
    let line = |finding: lint::Finding| {
        format!("line {} needs your eye before it runs as a script: {}", finding.line, finding.message)
    };
    found.into_iter().map(line).collect()
}

fn warn(shell: &Shell, text: &str, screen: &mut dyn Screen) {
    screen.tell(&format!("{} {text}\n", shell.stderr().paint(Style::Warning, "warning:")));
}
