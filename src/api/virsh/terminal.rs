//! What virsh's interactive commands do with the terminal.

use std::io::{IsTerminal, Read, Write};

use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};
use rhai::{Array, FnPtr, Map};

use crate::api::domain::console::{Leaving, attach_with};
use crate::api::error::from_thrown;
use crate::api::{Context, Fallible};
use crate::error::Error;
use crate::libvirt::{Domain, Reason, StorageVolume};
use crate::output;

#[export_module(manifest)]
pub(super) mod terminal_functions {
    /// Whether standard input is a terminal.
    ///
    /// ```rhai
    /// print(vsh::has_terminal());
    /// ```
    pub fn has_terminal() -> bool {
        std::io::stdin().is_terminal()
    }

    /// Waits for one key, without Enter where standard input is a terminal; `()` at its end.
    ///
    /// ```rhai
    /// if vsh::has_terminal() { print(vsh::key()) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn key(context: NativeCallContext) -> Fallible<Dynamic> {
        Context::of(&context)?.virsh().release();
        let _ = std::io::stdout().flush();
        let raw = std::io::stdin().is_terminal() && crossterm::terminal::enable_raw_mode().is_ok();
        let mut byte = [0];
        let read = std::io::stdin().lock().read(&mut byte);
        if raw {
            let _ = crossterm::terminal::disable_raw_mode();
        }
        Ok(match read {
            Ok(1) => char::from(byte[0]).to_ascii_lowercase().to_string().into(),
            _ => Dynamic::UNIT,
        })
    }

    /// Asks for a secret text, without showing what is typed; `()` where there is nobody to ask.
    ///
    /// ```rhai
    /// if vsh::has_terminal() { vsh::password("Enter new value for secret:") }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn password(context: NativeCallContext, prompt: ImmutableString) -> Fallible<Dynamic> {
        Context::of(&context)?.virsh().release();
        if std::io::stdin().is_terminal() {
            return Ok(output::ask(&prompt, false).map_or(Dynamic::UNIT, Into::into));
        }
        drop(output::out(&prompt));
        let mut line = String::new();
        Ok(match std::io::stdin().read_line(&mut line) {
            Ok(length) if length > 0 => line.trim_end_matches('\n').to_owned().into(),
            _ => Dynamic::UNIT,
        })
    }

    /// Names the volumes that are removed together with what is destroyed next.
    ///
    /// The prompt asks once for all of it.
    ///
    /// Errors: `usage` for anything that is no volume.
    ///
    /// ```rhai
    /// vsh::together(pool("default-pool").volumes());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn together(context: NativeCallContext, volumes: Array) -> Fallible<()> {
        let volume = |given: Dynamic| {
            let kind = given.type_name();
            let wrong = || Error::usage(format!("vsh::together wants volumes, not {kind}"));
            given.try_cast::<StorageVolume>().ok_or_else(wrong)
        };
        let volumes = volumes.into_iter().map(volume).collect::<Result<Vec<_>, _>>()?;
        Context::of(&context)?.door().destroy_together(volumes);
        Ok(())
    }

    /// Writes the lines of an error that was caught, as at the end of a command, and goes on.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { vsh::report(e) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn report(context: NativeCallContext, error: Dynamic) -> Fallible<()> {
        let run = Context::of(&context)?;
        for line in crate::virsh::error_lines(&from_thrown(&error)) {
            run.virsh().complain(&line);
        }
        Ok(())
    }

    /// Writes how far long work has come, on stderr and over what was written there before.
    ///
    /// ```rhai
    /// vsh::progress("Migration", 50, 100);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn progress(
        context: NativeCallContext,
        label: ImmutableString,
        remaining: i64,
        total: i64,
    ) -> Fallible<()> {
        let run = Context::of(&context)?;
        if run.virsh().is_shown() {
            run.virsh().release();
            let _ = std::io::stdout().flush();
            output::err(&format!("\r{label}: [{:3} %]", super::percent(remaining, total)));
        }
        Ok(())
    }

    /// The key that leaves a console: `^]`, or what `-e` of virsh said.
    ///
    /// ```rhai
    /// print(vsh::escape());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn escape(context: NativeCallContext) -> Fallible<String> {
        Ok(Context::of(&context)?.virsh().escape())
    }

    /// Connects the terminal with a guest's console, without a word about it.
    ///
    /// Errors: those of `vm.console()`.
    ///
    /// ```rhai
    /// try { vsh::console(domain("test"), #{}) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn console(context: NativeCallContext, vm: Domain, how: Map) -> Fallible<()> {
        let run = Context::of(&context)?;
        run.virsh().release();
        let key = super::key_byte(&run.virsh().escape());
        Ok(attach_with(&vm, how, Leaving { key, told: false })?)
    }

    /// Calls a closure; where Ctrl-C ends it, gives the text `interrupted` and the command goes on.
    ///
    /// Errors: those of the closure.
    ///
    /// ```rhai
    /// print(vsh::until_interrupted(|| 1));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn until_interrupted(context: NativeCallContext, f: FnPtr) -> Fallible<Dynamic> {
        let run = Context::of(&context)?;
        run.virsh().release();
        let interrupt = run.door().interrupt();
        f.call_within_context(&context, ()).or_else(|failure| {
            if interrupt.reason() != Some(Reason::Interrupted) {
                return Err(failure);
            }
            interrupt.reset();
            Ok("interrupted".into())
        })
    }
}

/// The byte that a key sends: `^]` is Ctrl and `]`.
fn key_byte(key: &str) -> u8 {
    match key.as_bytes() {
        [b'^', letter] => letter.to_ascii_uppercase() & 0x1f,
        [letter, ..] => *letter,
        [] => 0x1d,
    }
}

/// How much is done, 100 only where nothing remains.
fn percent(remaining: i64, total: i64) -> i64 {
    match (remaining, total) {
        (0, 0) => 0,
        (0, _) => 100,
        (_, total) if total <= 0 => 0,
        (remaining, total) => {
            let done = i128::from(total - remaining) * 100 / i128::from(total);
            done.clamp(0, 99) as i64
        }
    }
}
