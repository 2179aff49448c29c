//! `virhai validate`: the stdlib module `validate`, as a report, as data, or in the words of `virt-host-validate`.

use std::path::PathBuf;

use clap::Parser;
use rhai::Map;

use super::arguments::{Arguments, Options};
use super::environment::Environment;
use super::{batch, status};
use crate::api::data::to_data;
use crate::api::error::from_rhai;
use crate::error::{Error, code};
use crate::output::{self, ColorChoice};
use crate::session::Session;

/// What follows the command word.
#[derive(Debug, Parser)]
#[command(
    name = "virhai validate",
    about = "Checks whether this host is fit to run guests; exit status 1 with failures, 6 with warnings only."
)]
pub(super) struct Line {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(flatten)]
    pub(super) validation: Validation,
}

/// What is validated, and how it is told.
#[derive(Debug, clap::Args)]
pub struct Validation {
    /// qemu, lxc, ch, bhyve or host; without one the hypervisor of the connection, and host
    #[arg(value_name = "PART")]
    parts: Vec<String>,

    /// What virt-host-validate of the installed libvirt says, with its exit status
    #[arg(long)]
    compat: bool,

    /// A folder that stands for /, to look at the files of another machine
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// What virt-host-validate says.
const COMPAT: &str = "import \"validate\" as validate; validate::virt_host_validate(args, OPTIONS)";

/// Our own form.
const OURS: &str = "import \"validate\" as validate;
let options = OPTIONS;
if !args.is_empty() { options.hypervisor = args }
let results = validate::check(options);
let columns = [\"hypervisor\", \"check\", \"status\", \"found\", \"why\", \"fix\"];
#{ status: validate::status(results), report: validate::report(results, VIEW), table: table(results, columns) }";

/// Validates and gives the exit status.
pub(super) fn run(environment: &Environment, arguments: &Arguments, validation: &Validation) -> u8 {
    let session = environment.session(arguments, None);
    let root = match root(validation) {
        Ok(root) => root,
        Err(error) => return environment.fail(&error, status::USAGE),
    };
    if validation.compat {
        compat(environment, arguments, session, root)
    } else {
        ours(environment, session, root, arguments.options.quiet)
    }
}

impl Validation {
    /// The parts as the arguments of the script that validates.
    pub(super) fn parts(&self) -> Vec<String> {
        self.parts.clone()
    }
}

/// The option `root` in Rhai, with a comma.
fn root(validation: &Validation) -> Result<String, Error> {
    let Some(folder) = &validation.root else { return Ok(String::new()) };
    let shown = folder.display().to_string();
    let given = if folder.is_dir() { folder.to_str() } else { None };
    let given = given.ok_or_else(|| {
        Error::usage(format!("--root {shown} is no folder"))
            .hint("name a folder with dev, proc and sys in it")
    })?;
    // A text of JSON is one of Rhai.
    Ok(format!("root: {}, ", serde_json::Value::from(given)))
}

fn compat(environment: &Environment, arguments: &Arguments, session: Session, root: String) -> u8 {
    let quiet = arguments.options.quiet;
    // It asks whether stdout is a terminal, and nothing else.
    let color = match arguments.options.color {
        Some(ColorChoice::Always) => true,
        Some(ColorChoice::Never) => false,
        _ => output::stdout_is_terminal(),
    };
    let code = COMPAT.replace("OPTIONS", &format!("#{{ {root}quiet: {quiet}, color: {color} }}"));
    let said = match evaluate(environment, session, &code) {
        Ok(said) => said,
        Err(status) => return status,
    };
    output::err(&text(&said, "err"));
    if let Err(error) = output::out(&text(&said, "out")) {
        return environment.fail(&error, status::FAILED);
    }
    number(&said)
}

fn ours(environment: &Environment, session: Session, root: String, quiet: bool) -> u8 {
    let view = &environment.view;
    let color = view.palette != output::Palette::PLAIN;
    let width = view.width.unwrap_or(100);
    let code = OURS
        .replace("OPTIONS", &format!("#{{ {root} }}"))
        .replace("VIEW", &format!("#{{ width: {width}, color: {color}, quiet: {quiet} }}"));
    let results = match evaluate(environment, session, &code) {
        Ok(results) => results,
        Err(status) => return status,
    };
    let shown = if view.format.is_none() && view.columns.is_none() && view.terminal {
        Ok(text(&results, "report"))
    } else {
        results.get("table").map_or(Ok(String::new()), |table| view.render(&to_data(table)?))
    };
    match shown.and_then(|text| output::out(&text)) {
        Ok(_) => number(&results),
        Err(error) => {
            environment.fail(&error, if error.code() == code::USAGE { status::USAGE } else { status::FAILED })
        }
    }
}

/// Runs the code; a failure is told, and is the exit status.
fn evaluate(environment: &Environment, mut session: Session, code: &str) -> Result<Map, u8> {
    match session.eval("validate", code) {
        Ok(value) => Ok(value.try_cast().unwrap_or_default()),
        Err(failure) => {
            let error = from_rhai(&failure);
            if error.code() == code::USAGE {
                return Err(environment.fail(&error, status::USAGE));
            }
            Err(batch::ended(environment, &session, &failure))
        }
    }
}

fn text(map: &Map, key: &str) -> String {
    map.get(key).map(ToString::to_string).unwrap_or_default()
}

fn number(map: &Map) -> u8 {
    map.get("status")
        .and_then(|status| status.as_int().ok())
        .and_then(|n| u8::try_from(n).ok())
        .unwrap_or(status::FAILED)
}
