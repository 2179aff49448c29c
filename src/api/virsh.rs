//! What the bodies of virsh's commands need besides the API: its texts, its tables, its errors.
//!
//! Called as a function of a script, a command gives data and writes nothing; run as a line of virsh, it also
//! writes what virsh does. [`Output`] knows which.

mod editor;
mod files;
mod find;
mod guest_calls;
mod guests;
mod host;
mod options;
mod output;
mod parameters;
mod table;
mod terminal;
mod values;

use std::fmt::Write as _;
use std::iter::repeat_n;

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{Array, FnPtr, ImmutableString, Map};

pub use editor::usual_editor;
pub use output::Output;

use super::error::from_rhai;
use super::{Context, Fallible};
use crate::error::{Error, Result, code};
use crate::lang::natives::Natives;
use crate::libvirt::Connection;
use crate::libvirt::choices::{self, Choices};

pub(super) fn register(natives: &mut Natives) {
    natives.namespace(
        "vsh",
        &[
            &vsh_functions::RHAI_MANIFEST,
            &editor::editor_functions::RHAI_MANIFEST,
            &files::file_functions::RHAI_MANIFEST,
            &find::find_functions::RHAI_MANIFEST,
            &guests::guest_functions::RHAI_MANIFEST,
            &guest_calls::guest_call_functions::RHAI_MANIFEST,
            &host::host_functions::RHAI_MANIFEST,
            &options::option_functions::RHAI_MANIFEST,
            &parameters::parameter_functions::RHAI_MANIFEST,
            &terminal::terminal_functions::RHAI_MANIFEST,
            &values::value_functions::RHAI_MANIFEST,
        ],
    );
}

/// The bits of words, from one table or another.
fn bits(words: &Array, tables: &[Choices]) -> Result<u32> {
    words.iter().try_fold(0, |bits, word| {
        let word = word.to_string();
        let known = tables.iter().find_map(|table| choices::bit(table, &word));
        known.map(|bit| bits | bit).ok_or_else(|| Error::usage(format!("{word:?} is not known here")))
    })
}

/// Labels with their values, each on a line of its own.
fn fields_text(rows: &Array, width: usize) -> String {
    let mut text = String::new();
    for row in rows.iter().filter_map(Dynamic::read_lock::<Array>) {
        if let [label, value] = &row[..]
            && !value.is_unit()
            && let Some(label) = label.read_lock::<ImmutableString>()
        {
            text.push_str(&label);
            text.extend(repeat_n(' ', width.saturating_sub(label.chars().count()) + 1));
            match value.read_lock::<ImmutableString>() {
                Some(value) => text.push_str(&value),
                // Writing to a text cannot fail.
                None => drop(write!(text, "{value}")),
            }
            text.push('\n');
        }
    }
    text
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod vsh_functions {
    /// Writes a line, where the command was given as a line of virsh.
    ///
    /// ```rhai
    /// vsh::say("Id:             1");
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn say(context: NativeCallContext, text: Dynamic) -> Fallible<()> {
        Context::of(&context)?.virsh().write(&format!("{text}\n"));
        Ok(())
    }

    /// Writes a text without a line end, where the command was given as a line of virsh.
    ///
    /// ```rhai
    /// vsh::write("<domain/>\n");
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn write(context: NativeCallContext, text: ImmutableString) -> Fallible<()> {
        Context::of(&context)?.virsh().write(&text);
        Ok(())
    }

    /// Writes a line that virsh's `-q` leaves out.
    ///
    /// ```rhai
    /// vsh::note("Domain 'test' started");
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn note(context: NativeCallContext, text: ImmutableString) -> Fallible<()> {
        Context::of(&context)?.virsh().extra(&format!("{text}\n"));
        Ok(())
    }

    /// Writes an error line and goes on, where the command was given as a line of virsh.
    ///
    /// ```rhai
    /// vsh::complain("Failed to remove volume 'disk1'");
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn complain(context: NativeCallContext, text: ImmutableString) -> Fallible<()> {
        Context::of(&context)?.virsh().complain(&text);
        Ok(())
    }

    /// Writes labels with their values, each on a line of its own.
    ///
    /// The labels are filled up to `width`; what has the value `()` is left out.
    ///
    /// ```rhai
    /// vsh::fields([["Id:", 1], ["Name:", "web1"]], 15);
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn fields(context: NativeCallContext, rows: Array, width: i64) -> Fallible<()> {
        let run = Context::of(&context)?;
        if run.virsh().is_shown() {
            run.virsh().write(&super::fields_text(&rows, usize::try_from(width).unwrap_or_default()));
        }
        Ok(())
    }

    /// Writes a table: the headings, which virsh's `-q` leaves out, and one array of texts for each row.
    ///
    /// ```rhai
    /// vsh::table(["Id", "Name"], [[1, "web1"]]);
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn table(context: NativeCallContext, headings: Array, rows: Array) -> Fallible<()> {
        let run = Context::of(&context)?;
        if run.virsh().is_shown() {
            let (quiet, palette) = (run.virsh().is_quiet(), run.virsh().palette());
            run.virsh().write(&super::table::text(&headings, &rows, quiet, palette));
        }
        Ok(())
    }

    /// Writes a table of maps: the headings, the keys of the columns, and what is printed in place of a text, for
    /// each key. An absent value is `-`.
    ///
    /// ```rhai
    /// vsh::table(["Id", "State"], [#{ id: 1, state: "off" }], ["id", "state"], #{ state: #{ off: "shut off" } });
    /// ```
    #[rhai_fn(name = "table", return_raw)]
    pub(super) fn table_of_maps(
        context: NativeCallContext,
        headings: Array,
        rows: Array,
        keys: Array,
        shown: Map,
    ) -> Fallible<()> {
        if Context::of(&context)?.virsh().is_shown() {
            let rows = super::table::rows(&rows, &keys, &shown);
            return table(context, headings, rows);
        }
        Ok(())
    }

    /// Writes bytes as they are.
    ///
    /// ```rhai
    /// vsh::write(blob(1, 0x41));
    /// ```
    #[rhai_fn(name = "write", return_raw)]
    pub(super) fn write_bytes(context: NativeCallContext, bytes: rhai::Blob) -> Fallible<()> {
        Context::of(&context)?.virsh().write_bytes(&bytes);
        Ok(())
    }

    /// Whether the command was given as a line of virsh, so that what it writes is seen.
    ///
    /// ```rhai
    /// if vsh::is_shown() { print("progress") }
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn is_shown(context: NativeCallContext) -> Fallible<bool> {
        Ok(Context::of(&context)?.virsh().is_shown())
    }

    /// Whether virsh's `-q` was given.
    ///
    /// ```rhai
    /// if !vsh::is_quiet() { print("headings") }
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn is_quiet(context: NativeCallContext) -> Fallible<bool> {
        Ok(Context::of(&context)?.virsh().is_quiet())
    }

    /// Whether lines of virsh are typed at a prompt.
    ///
    /// ```rhai
    /// print(vsh::is_interactive());
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn is_interactive(context: NativeCallContext) -> Fallible<bool> {
        Ok(Context::of(&context)?.virsh().is_interactive())
    }

    /// Makes another folder the one that relative paths start from.
    ///
    /// Errors: `io` where it cannot be entered.
    ///
    /// ```rhai
    /// vsh::enter_folder(os::cwd());
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn enter_folder(folder: ImmutableString) -> Fallible<()> {
        std::env::set_current_dir(folder.as_str())
            .map_err(|error| Error::new(code::IO, format!("cd: {}: {folder}", Error::words(&error))).into())
    }

    /// virsh's help on a command or a group; on everything where the name is `()`.
    ///
    /// Errors: `usage` where there is no such command or group.
    ///
    /// ```rhai
    /// print(vsh::help("domid"));
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn help(name: Dynamic) -> Fallible<String> {
        let name = name.into_immutable_string().ok();
        Ok(crate::virsh::help(name.as_deref())?)
    }

    /// Calls a closure; the functions of `virsh` that it calls write what their commands write.
    ///
    /// `vsh::shown(|| virsh::list(#{ all: true }))` is the line `list --all`, and its data.
    ///
    /// Errors: those of the closure.
    ///
    /// ```rhai
    /// print(vsh::shown(|| domain("test").state));
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn shown(context: NativeCallContext, f: FnPtr) -> Fallible<Dynamic> {
        Context::of(&context)?.virsh().aloud(|| f.call_within_context(&context, ()))
    }

    /// Opens a connection and makes it the default one; libvirt chooses it where `uri` is `()`.
    ///
    /// Errors: those of opening; the default connection stays as it was.
    ///
    /// ```rhai
    /// vsh::connect("test:///default", false);
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn connect(context: NativeCallContext, uri: Dynamic, readonly: bool) -> Fallible<Connection> {
        let run = Context::of(&context)?;
        let uri = uri.into_immutable_string().ok().map(Into::into);
        let connection = Connection::new(uri, readonly, run.door().clone());
        connection.open()?;
        run.set_connection(connection.clone());
        Ok(connection)
    }

    /// Fails with virsh's words; nothing else is said about it.
    ///
    /// Errors: always, `usage`.
    ///
    /// ```rhai
    /// try { vsh::fail("Options --a and --b are mutually exclusive") } catch (e) { print(e.message) }
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn fail(message: ImmutableString) -> Fallible<()> {
        Err(Error::usage(message.as_str()).into())
    }

    /// Calls a closure; where it fails, virsh says these words before the reason.
    ///
    /// Errors: those of the closure.
    ///
    /// ```rhai
    /// try { vsh::during("failed to get domain 'x'", || domain("x")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn during(context: NativeCallContext, words: ImmutableString, f: FnPtr) -> Fallible<Dynamic> {
        f.call_within_context(&context, ()).map_err(|failure| {
            let error = from_rhai(&failure);
            // A fault of the body is told as what it is, with its place.
            if error.code() == code::SCRIPT || error.ends_the_run() {
                return failure;
            }
            error.context(words.as_str()).into()
        })
    }

    /// Calls a closure; where it fails, virsh says these words and not the reason.
    ///
    /// Errors: those of the closure.
    ///
    /// ```rhai
    /// try { vsh::only("no such domain", || domain("x")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn only(context: NativeCallContext, words: ImmutableString, f: FnPtr) -> Fallible<Dynamic> {
        f.call_within_context(&context, ()).map_err(|failure| {
            let error = from_rhai(&failure);
            if error.code() == code::SCRIPT || error.ends_the_run() {
                return failure;
            }
            let facts = error.facts();
            let said = Error::new(facts.code.clone(), words.as_str()).cause(facts.message.clone());
            said.object(facts.object.clone().unwrap_or_default()).into()
        })
    }
}
