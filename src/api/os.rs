//! The module `os`: programs, and where the script runs.
//!
//! A program is always given as an array of the program and its arguments, which reach it as they are;
//! there is no shell in between and so nothing to quote. `--deny run` forbids programs.

mod machine;
mod program;

use rhai::plugin::export_module;
use rhai::{Array, Blob, Dynamic, ImmutableString, Map, NativeCallContext};

use super::Fallible;
use super::host_context::{allow, interrupted};
use super::permissions::Permission;
use crate::error::{Error, Result, code};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, any, boolean, duration, map, text};
use crate::process::Owner;
use crate::units;
use program::Finished;
pub(super) use program::Program;

/// The options of `os::run`.
pub(super) static RUN: OptionTable = OptionTable {
    function: "os::run",
    options: &[
        any("input", "What the program reads on stdin: a text or a blob."),
        duration("timeout", "When the program is ended; the call then fails with `timeout`."),
        text("cwd", "The folder that the program runs in."),
        map("env", "Variables to set; `()` takes one away."),
        boolean("terminal", "The program reads and writes where this one does: an editor, a pager."),
        boolean("check", "Fails with `io` where the exit status is not 0."),
    ],
};

/// Registers the module.
pub(super) fn register(natives: &mut Natives) {
    natives.namespace("os", &[&system_functions::RHAI_MANIFEST, &machine::machine_functions::RHAI_MANIFEST]);
}

/// Reads the arguments of a call.
fn program(argv: Array, options: Map) -> Result<(Program, bool)> {
    let options = RUN.read(options)?;
    let timeout = options.get_duration("timeout")?.map(units::seconds).transpose()?;
    let program = Program {
        argv: argv.iter().map(argument).collect::<Result<_>>()?,
        input: options.get_any("input")?.map_or(Ok(Vec::new()), |input| bytes(&input))?,
        timeout,
        cwd: options.get_text("cwd")?,
        env: options.get_map("env")?.map_or(Ok(Vec::new()), variables)?,
        terminal: options.flag("terminal"),
    };
    Ok((program, options.flag("check")))
}

/// Turns an argument into text: numbers are written out, other values are most likely a mistake.
pub(super) fn argument(value: &Dynamic) -> Result<String> {
    let is_plain = value.is_string() || value.is_int() || value.is_float() || value.is_char();
    if is_plain {
        return Ok(value.to_string());
    }
    Err(Error::usage(format!("an argument of a program is a text or a number, not {}", value.type_name())))
}

pub(super) fn bytes(value: &Dynamic) -> Result<Vec<u8>> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.as_bytes().to_vec());
    }
    match value.read_lock::<Blob>() {
        Some(blob) => Ok(blob.to_vec()),
        None => Err(Error::usage(format!("input is a text or a blob, not {}", value.type_name()))),
    }
}

pub(super) fn variables(map: Map) -> Result<Vec<(String, Option<String>)>> {
    let variable = |(name, value): (_, Dynamic)| {
        let name = ToString::to_string(&name);
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(Error::usage(format!("{name:?} is no name for a variable")));
        }
        let value = if value.is_unit() { None } else { Some(argument(&value)?) };
        Ok((name, value))
    };
    map.into_iter().map(variable).collect()
}

/// The error of a program that `check` was asked for; its last words are the cause.
fn failed(program: &Program, finished: &Finished) -> Error {
    const LAST: usize = 2_000;
    let name = program.argv.first().map_or("", String::as_str);
    let words = String::from_utf8_lossy(&finished.err).trim().to_owned();
    let error = Error::new(code::IO, format!("{name} ended with status {}", finished.code)).object(name);
    if words.is_empty() {
        return error;
    }
    let skip = words.chars().count().saturating_sub(LAST);
    error.cause(words.chars().skip(skip).collect::<String>())
}

fn run_program(call: &NativeCallContext, argv: Array, options: Map) -> Fallible<Map> {
    let name = argv.first().map_or(String::new(), ToString::to_string);
    allow(call, Permission::Run, "os::run", &name)?;
    let of_run = |error: Error| error.operation("os.run");
    let (program, check) = program(argv, options).map_err(of_run)?;
    if program.terminal {
        super::Context::of(call)?.virsh().release();
    }
    let finished = program.run(&|| interrupted(call)).map_err(of_run)?;
    if check && finished.code != 0 {
        return Err(of_run(failed(&program, &finished)).into());
    }
    let text = |bytes: &[u8]| Dynamic::from(String::from_utf8_lossy(bytes).into_owned());
    Ok([
        ("out".into(), text(&finished.out)),
        ("err".into(), text(&finished.err)),
        ("code".into(), finished.code.into()),
    ]
    .into_iter()
    .collect())
}

/// Programs, and where the script runs.
#[export_module(manifest)]
pub mod system_functions {
    /// Runs a program and returns `#{ out, err, code }`.
    ///
    /// The array holds the program and its arguments; there is no shell. `out` and `err` are what it wrote, as
    /// text (bytes that are no UTF-8 are replaced), `code` is its exit status, or 128 and the number of the signal
    /// that killed it. The program reads nothing on stdin.
    ///
    /// Errors: `io` where it cannot be started; `denied` with `--deny run`; `usage` for arguments that are neither
    /// texts nor numbers.
    ///
    /// ```rhai
    /// print(os::run(["uname", "-r"]).out);
    /// ```
    #[rhai_fn(name = "run", return_raw)]
    pub fn run(context: NativeCallContext, argv: Array) -> Fallible<Map> {
        run_program(&context, argv, Map::new())
    }

    /// Runs a program with options and returns `#{ out, err, code }`.
    ///
    /// `input` is what it reads on stdin (a text or a blob), `timeout` its deadline, `cwd` the folder it runs in,
    /// `env` a map of variables to set (`()` takes one away), and `check: true` makes another status than 0 an error.
    /// A program that is too slow is ended, and so is one that runs when the script is interrupted; where stdin is
    /// no terminal, its children are ended with it.
    ///
    /// With `terminal: true` it has this program's own input and outputs, and `out` and `err` are empty.
    ///
    /// Errors: `io` where it cannot be started, or fails and `check` is given; `timeout` when it is too slow;
    /// `denied` with `--deny run`; `usage` for wrong arguments and options.
    ///
    /// ```rhai
    /// let sorted = os::run(["sort"], #{ input: "b\na\n", timeout: "10s", check: true });
    /// print(sorted.out);
    /// ```
    #[rhai_fn(name = "run", return_raw)]
    pub fn run_with_options(context: NativeCallContext, argv: Array, options: Map) -> Fallible<Map> {
        run_program(&context, argv, options)
    }

    /// The name of this host.
    ///
    /// Errors: `io` where the system does not tell.
    ///
    /// ```rhai
    /// print(os::hostname());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn hostname() -> Fallible<String> {
        let name = nix::unistd::gethostname().map_err(|error| Error::io("the host name", &error.into()))?;
        Ok(name.to_string_lossy().into_owned())
    }

    /// The name of the user that the script runs as, or the number of one without a name.
    ///
    /// ```rhai
    /// print(os::user());
    /// ```
    pub fn user() -> ImmutableString {
        let id = nix::unistd::geteuid();
        let known = nix::unistd::User::from_uid(id).ok().flatten();
        known.map_or(id.to_string(), |user| user.name).into()
    }

    /// The number of this process.
    ///
    /// ```rhai
    /// print(os::pid());
    /// ```
    pub fn pid() -> i64 {
        std::process::id().into()
    }

    /// A text that tells this process from all others, on any machine and after any restart.
    ///
    /// It belongs into notes of what this process is about to do, which somebody finds when it was killed.
    ///
    /// ```rhai
    /// print(os::process_lives(os::process()));
    /// ```
    pub fn process() -> String {
        Owner::own().written()
    }

    /// Whether a process lives that left a text of `os::process()`.
    ///
    /// `()` where that cannot be told from here: on another machine, or in another container.
    ///
    /// Errors: `usage` for any other text.
    ///
    /// @returns bool?
    ///
    /// ```rhai
    /// print(os::process_lives(os::process()));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn process_lives(process: &str) -> Fallible<Dynamic> {
        let owner = Owner::read(process).ok_or_else(|| {
            Error::usage(format!("{process:?} is no process")).hint("os::process() tells of the own one")
        })?;
        let is_known = owner.lives() || owner.has_died();
        Ok(if is_known { owner.lives().into() } else { Dynamic::UNIT })
    }

    /// The folder that relative paths start from.
    ///
    /// Errors: `io` where it is not there any more.
    ///
    /// ```rhai
    /// print(os::cwd());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cwd() -> Fallible<String> {
        let folder = std::env::current_dir().map_err(|error| Error::io("the working folder", &error))?;
        Ok(folder.to_string_lossy().into_owned())
    }

    /// A text as one word of a shell's command line, in quotes where it needs them.
    ///
    /// ```rhai
    /// print(os::quote("it's"));
    /// ```
    pub fn quote(text: &str) -> String {
        let is_plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
        if !text.is_empty() && text.chars().all(is_plain) {
            return text.to_owned();
        }
        format!("'{}'", text.replace('\'', "'\\''"))
    }

    /// The operating system, such as `linux`.
    ///
    /// ```rhai
    /// print(os::platform());
    /// ```
    pub fn platform() -> ImmutableString {
        std::env::consts::OS.into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::super::host_context::testing::{failure, join};
    use rhai::Engine;

    use super::*;
    use crate::lang::natives::Docs;

    fn engine(deny: &str) -> Engine {
        let mut engine = Engine::new();
        Natives::bind(&mut engine, Docs::Dropped, register);
        join(&mut engine, deny);
        engine
    }

    fn text(script: &str) -> String {
        engine("").eval::<Dynamic>(script).expect(script).to_string()
    }

    #[test]
    fn a_word_is_quoted_and_the_folder_is_told() {
        assert_eq!(
            text(r#"os::run(["sh", "-c", "printf %s " + os::quote("it's a \"$b\"")]).out"#),
            "it's a \"$b\""
        );
        let here = std::env::current_dir().unwrap();
        assert_eq!(text("os::cwd()"), here.to_str().unwrap());
    }

    #[test]
    fn a_process_lives_until_it_ends_and_of_those_elsewhere_nothing_is_known() {
        assert_eq!(text("os::process_lives(os::process())"), "true");
        let other = |machine: &str| text(&format!("os::process_lives({machine} + \"/1/1/before/pid:[1]\")"));
        assert_eq!(other("os::hostname()"), "false");
        assert_eq!(other("\"elsewhere.invalid\""), "");
        assert_eq!(failure(&engine(""), "os::process_lives(\"7\")").code(), code::USAGE);
    }

    #[test]
    fn a_program_gives_its_output_and_status() {
        assert_eq!(text(r#"os::run(["echo", "a b", 7]).out"#), "a b 7\n");
        assert_eq!(
            text(r#"let r = os::run(["sh", "-c", "echo no >&2; exit 2"]); [r.code, r.err, r.out]"#),
            r#"[2, "no\n", ""]"#
        );
        assert_eq!(text(r#"os::run(["printf", "\\377"]).out"#), "\u{fffd}");
    }

    #[test]
    fn options_reach_the_program() {
        assert_eq!(text(r#"os::run(["cat"], #{ input: "é" }).out"#), "é");
        assert_eq!(text(r#"os::run(["cat"], #{ input: blob(2, 65) }).out"#), "AA");
        assert_eq!(
            text(r#"os::run(["sh", "-c", "echo $A${HOME-x}"], #{ env: #{ A: 1, HOME: () } }).out"#),
            "1x\n"
        );
        assert_eq!(text(r#"os::run(["pwd"], #{ cwd: "/usr" }).out"#), "/usr\n");
    }

    #[test]
    fn a_status_is_an_error_where_that_is_asked_for() {
        let error =
            failure(&engine(""), r#"os::run(["sh", "-c", "echo broken >&2; exit 4"], #{ check: true })"#);
        assert_eq!(error.code(), code::IO);
        assert_eq!(error.to_string(), "sh ended with status 4");
        assert_eq!(error.facts().cause.as_deref(), Some("broken"));
        assert_eq!(error.facts().operation.as_deref(), Some("os.run"));
    }

    #[test]
    fn a_slow_program_is_a_timeout() {
        let error = failure(&engine(""), r#"os::run(["sleep", "600"], #{ timeout: 0.1 })"#);
        assert_eq!(error.code(), code::TIMEOUT);
    }

    #[test]
    fn an_interruption_ends_the_script() {
        let mut engine = Engine::new();
        Natives::bind(&mut engine, Docs::Dropped, register);
        join(&mut engine, "").stop.store(true, Ordering::SeqCst);
        let script = r#"try { os::run(["sleep", "600"]) } catch { "caught" }"#;
        assert_eq!(failure(&engine, script).code(), code::INTERRUPTED);
    }

    #[test]
    fn wrong_arguments_are_refused() {
        let engine = engine("");
        for script in [
            "os::run([])",
            "os::run([[]])",
            r#"os::run(["ls"], #{ tiemout: 1 })"#,
            r#"os::run(["ls"], #{ input: 1 })"#,
            r#"os::run(["ls"], #{ env: #{ "A=B": 1 } })"#,
        ] {
            assert_eq!(failure(&engine, script).code(), code::USAGE, "{script}");
        }
        let error = failure(&engine, r#"os::run(["ls"], #{ tiemout: 1 })"#);
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean `timeout`?"));
    }

    #[test]
    fn no_program_runs_when_that_is_denied() {
        let error = failure(&engine("run"), r#"os::run(["true"])"#);
        assert_eq!(error.code(), code::DENIED);
        assert!(error.to_string().contains("--deny run"));
        assert_eq!(engine("write").eval::<Map>(r#"os::run(["true"])"#).unwrap()["code"].as_int(), Ok(0));
    }

    #[test]
    fn where_the_script_runs() {
        assert!(!text("os::hostname()").is_empty());
        assert!(!text("os::user()").is_empty());
        assert_eq!(text("os::pid()"), std::process::id().to_string());
        assert_eq!(text("os::platform()"), std::env::consts::OS);
    }
}
