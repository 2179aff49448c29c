//! What scripts write besides `print`: values in the format of the run, and lines for the reader.

use rhai::ImmutableString;
use rhai::plugin::{Dynamic, NativeCallContext, export_module};

use super::data::to_data;
use super::{Context, Fallible};
use crate::lang::natives::Natives;
use crate::libvirt::{Interrupt, Reason};
use crate::output::{self, Data};

/// Registers the functions.
pub(super) fn register(natives: &mut Natives) {
    natives.global(&show_functions::RHAI_MANIFEST);
}

/// Writes a text to stdout: nobody reading any more, or a full disk, ends the run.
pub fn write(text: &str, interrupt: &Interrupt) {
    match output::out(text) {
        Ok(output::Written::All) => {}
        Ok(output::Written::Closed) => interrupt.raise(Reason::OutputClosed),
        Err(error) => {
            crate::report::warn(&error.to_string());
            interrupt.raise(Reason::OutputFailed);
        }
    }
}

#[export_module(manifest)]
mod show_functions {
    /// Writes a value in the format of the run: the one that `-o` names, with its `--columns`.
    ///
    /// Without `-o` that is a table on a terminal and JSON elsewhere. `print` writes texts for people, `show`
    /// writes data; a script that shows one value can be used in a pipe in every format.
    ///
    /// Errors: `usage` for a column of `--columns` that the value does not have; those of reading a handle.
    ///
    /// ```rhai
    /// show(domains());
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn show(context: NativeCallContext, value: Dynamic) -> Fallible<()> {
        let run = Context::of(&context)?;
        let text = run.view().render(&to_data(&value)?)?;
        write(&text, run.door().interrupt());
        Ok(())
    }

    /// The format in which `show` writes a list: `table`, `json`, `ndjson`, `yaml`, `csv`, `tsv` or `text`.
    ///
    /// ```rhai
    /// let disks = [#{ target: "vda", capacity: gib(10) }];
    /// show(if output_format() == "table" { disks.map(|d| d.target) } else { disks });
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn output_format(context: NativeCallContext) -> Fallible<String> {
        Ok(Context::of(&context)?.view().format_of(&Data::List(Vec::new())).to_string())
    }

    /// Writes a line to stderr: progress and remarks that are not part of the result.
    ///
    /// ```rhai
    /// eprint("3 guests are still running");
    /// ```
    pub(super) fn eprint(value: Dynamic) {
        output::err(&format!("{value}\n"));
    }

    /// The comment at the top of the running script, its lines that begin with `//!`.
    ///
    /// ```rhai
    /// if "--help" in args() { print(script_doc()); exit() }
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn script_doc(context: NativeCallContext) -> Fallible<ImmutableString> {
        Ok(Context::of(&context)?.script_doc())
    }
}
