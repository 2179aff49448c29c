//! Programs in a guest: run by its agent, or in a container.

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{Array, Map};

use super::lxc;
use crate::api::Fallible;
use crate::api::os::{argument, bytes, variables};
use crate::api::subject::{named, of};
use crate::error::{Error, Result, code};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, any, boolean, duration, map};
use crate::libvirt::{Domain, GuestProcess, GuestProgram};
use crate::units;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_exec::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&EXEC, &EXEC_START];

static EXEC: OptionTable = OptionTable {
    function: "Domain.exec",
    options: &[
        any("input", "What the program reads on stdin: a text or a blob."),
        duration("timeout", "When it counts as too slow; the call then fails with `timeout`."),
        map("env", "Its variables; with an agent in place of all that it would have."),
        boolean("check", "Fails with `io` where the exit status is not 0."),
        boolean("binary", "Gives `out` and `err` as blobs."),
        boolean(
            "large",
            "Lets input and output of any size through, by files in the guest's /tmp; needs /bin/sh.",
        ),
    ],
};

static EXEC_START: OptionTable = OptionTable {
    function: "Domain.exec_start",
    options: &[
        any("input", "What the program reads on stdin: a text or a blob."),
        map("env", "Its variables, in place of all that it would have."),
    ],
};

fn program(argv: Array, options: &Parsed) -> Result<GuestProgram> {
    let timeout = if options.declares("timeout") { options.get_duration("timeout")? } else { None };
    let variable = |(name, value): (String, Option<String>)| value.map(|value| format!("{name}={value}"));
    let env = options.get_map("env")?.map(variables).transpose()?;
    Ok(GuestProgram {
        argv: argv.iter().map(argument).collect::<Result<_>>()?,
        input: options.get_any("input")?.map_or(Ok(Vec::new()), |input| bytes(&input))?,
        env: env.map(|env| env.into_iter().filter_map(variable).collect()),
        timeout: timeout.map(units::seconds).transpose()?,
        large: options.flag("large"),
    })
}

/// A process as a script sees it; `code` is 128 and the signal's number where one ended it.
fn process_map(process: GuestProcess, binary: bool) -> Map {
    let stream = |bytes: Vec<u8>| {
        if binary { Dynamic::from_blob(bytes) } else { String::from_utf8_lossy(&bytes).into_owned().into() }
    };
    let number = |number: Option<i64>| number.map_or(Dynamic::UNIT, Dynamic::from_int);
    Map::from([
        ("out".into(), stream(process.out)),
        ("err".into(), stream(process.err)),
        ("code".into(), number(process.code.or(process.signal.map(|signal| 128 + signal)))),
        ("signal".into(), number(process.signal)),
        ("truncated".into(), process.truncated.into()),
    ])
}

fn run(context: &NativeCallContext, vm: &Domain, argv: Array, options: Map) -> Fallible<Map> {
    let options = EXEC.read(options)?;
    let program = program(argv.clone(), &options)?;
    let process = match vm.exec(&program) {
        // The same script for a container: there is no agent in it, and none is needed.
        Err(error) if error.code() == code::UNSUPPORTED && lxc::is_container(vm)? => {
            lxc::run(context, vm, &program, &lxc::Entering::default())?
        }
        outcome => outcome?,
    };
    if options.flag("check") && process.code != Some(0) {
        return Err(failed(vm, &program, &process).into());
    }
    Ok(process_map(process, options.flag("binary")))
}

/// The error of a program that `check` was asked for; its last words are the cause.
pub(super) fn failed(vm: &Domain, program: &GuestProgram, process: &GuestProcess) -> Error {
    const LAST: usize = 2_000;
    let name = program.argv.first().map_or("", String::as_str);
    let end = match (process.code, process.signal) {
        (Some(code), _) => format!("status {code}"),
        (None, signal) => format!("signal {}", signal.unwrap_or_default()),
    };
    let error = Error::new(code::IO, format!("{name} in {} ended with {end}", vm.label()))
        .operation("domain.exec")
        .object(vm.label());
    let words = String::from_utf8_lossy(&process.err).trim().to_owned();
    if words.is_empty() {
        return error;
    }
    let skip = words.chars().count().saturating_sub(LAST);
    error.cause(words.chars().skip(skip).collect::<String>())
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_exec {
    /// Runs a program in the guest and returns `#{ out, err, code, signal, truncated }`.
    ///
    /// The array holds the program and its arguments; there is no shell. The guest's agent runs it
    /// (`guest-exec`); in a container it is started inside. `out` and `err` are what it wrote, as text
    /// (bytes that are no UTF-8 are replaced); `code` is its exit status, or 128 and the number of the signal
    /// that ended it, which is in `signal` too; `truncated` says that the agent threw output away.
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `io` where there is no such program and for
    /// more than about 3 MB of output, which needs `large`.
    ///
    /// ```rhai
    /// try { print(domain("test").exec(["/bin/uname", "-r"]).out) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn exec(context: NativeCallContext, vm: Domain, argv: Array) -> Fallible<Map> {
        named(run(&context, &vm, argv, Map::new()), "domain.exec", &vm)
    }

    /// Runs a program in the guest with options and returns `#{ out, err, code, signal, truncated }`.
    ///
    /// `timeout` is in seconds; a program that is too slow goes on in the guest, and the error names its
    /// process id. With `large`, input and output go through files in the guest's /tmp, and may be of any size;
    /// they are removed at the end, also of a run that is interrupted, unless the program was too slow.
    ///
    /// Errors: `timeout` when it is too slow, `io` where it fails and `check` is given, `usage` for more
    /// than 96 KiB of input without `large`, `agent_unresponsive` where there is no agent.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try {
    ///     let sorted = vm.exec(["/bin/sort"], #{ input: "b\na\n", timeout: "10s", check: true });
    ///     print(sorted.out);
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "exec", return_raw)]
    pub fn exec_with(context: NativeCallContext, vm: Domain, argv: Array, options: Map) -> Fallible<Map> {
        named(run(&context, &vm, argv, options), "domain.exec", &vm)
    }

    /// Starts a program in the guest and returns its process id there (agent command `guest-exec`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `io` where there is no such program.
    ///
    /// ```rhai
    /// try { print(domain("test").exec_start(["/bin/sleep", "60"])) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn exec_start(vm: &mut Domain, argv: Array) -> Fallible<i64> {
        Ok(vm.exec_start(
            &program(argv, &EXEC_START.read(Map::new())?).map_err(of("domain.exec_start", vm))?,
        )?)
    }

    /// Starts a program in the guest, with options, and returns its process id (agent command `guest-exec`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `io` where there is no such program.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { print(vm.exec_start(["/bin/cat"], #{ input: "hello" })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "exec_start", return_raw, pure)]
    pub fn exec_start_with(vm: &mut Domain, argv: Array, options: Map) -> Fallible<i64> {
        Ok(vm.exec_start(&program(argv, &EXEC_START.read(options)?).map_err(of("domain.exec_start", vm))?)?)
    }

    /// Looks at a program that was started in the guest (agent command `guest-exec-status`).
    ///
    /// Returns `#{ exited, out, err, code, signal, truncated }`. The output comes with the end of the
    /// program, and the agent forgets it then: the next look is an error.
    ///
    /// Errors: `agent_command_failed` for a process that the agent does not know, `io` for more than about 3 MB
    /// of output.
    ///
    /// ```rhai
    /// try { print(domain("test").exec_status(1234).exited) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn exec_status(vm: &mut Domain, pid: i64) -> Fallible<Map> {
        let process = vm.exec_status(pid)?;
        let exited = process.exited;
        let mut map = process_map(process, false);
        map.insert("exited".into(), exited.into());
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_a_signal_ended_has_a_shells_status() {
        let map = process_map(GuestProcess { signal: Some(9), ..GuestProcess::default() }, false);
        assert_eq!((map["code"].as_int(), map["signal"].as_int()), (Ok(137), Ok(9)));
        let map = process_map(GuestProcess { code: Some(2), ..GuestProcess::default() }, true);
        assert_eq!((map["code"].as_int(), map["signal"].is_unit()), (Ok(2), true));
        assert!(map["out"].is_blob());
    }
}
