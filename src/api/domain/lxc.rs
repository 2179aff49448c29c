//! What only containers have: namespaces, and programs that are run inside them.

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{Array, Map};

use super::agent_exec::failed;
use crate::api::Fallible;
use crate::api::host_context::interrupted;
use crate::api::os::{Program, argument, bytes, variables};
use crate::api::subject::named;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, any, boolean, duration, map};
use crate::libvirt::{ContainerEntry, Domain, ENTER_COMMAND, GuestProcess, GuestProgram, own_program};
use crate::units;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&lxc_functions::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&ENTER];

static ENTER: OptionTable = OptionTable {
    function: "Domain.lxc_enter_namespace",
    options: &[
        any("input", "What the program reads on stdin: a text or a blob."),
        duration("timeout", "When the program is ended; the call then fails with `timeout`."),
        map("env", "Variables to set; `()` takes one away."),
        boolean("check", "Fails with `io` where the exit status is not 0."),
        boolean("security_label", "Takes the container's security label; where the host has any without it."),
        boolean("noseclabel", "Does not take the container's security label."),
        boolean("cgroup", "Joins the container's control groups; true without it."),
    ],
};

/// How a container is entered.
pub(super) struct Entering {
    security_label: Option<bool>,
    cgroup: bool,
}

impl Default for Entering {
    fn default() -> Self {
        Self { security_label: None, cgroup: true }
    }
}

/// Whether the guest is a container of libvirt's LXC driver.
pub(super) fn is_container(vm: &Domain) -> Result<bool> {
    Ok(vm.connection().driver()?.eq_ignore_ascii_case("lxc"))
}

/// Runs a program in a container, in a process that enters it.
pub(super) fn run(
    context: &NativeCallContext,
    vm: &Domain,
    program: &GuestProgram,
    entering: &Entering,
) -> Result<GuestProcess> {
    let env = program.env.iter().flatten().map(|variable| match variable.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (variable.clone(), None),
    });
    let env = env.collect();
    enter(context, vm, program, env, entering)
}

fn enter(
    context: &NativeCallContext,
    vm: &Domain,
    program: &GuestProgram,
    env: Vec<(String, Option<String>)>,
    entering: &Entering,
) -> Result<GuestProcess> {
    let of_call = |error: Error| error.operation("domain.lxc_enter_namespace").object(vm.label());
    if program.argv.is_empty() {
        return Err(of_call(Error::usage("there is no program to run")));
    }
    vm.lxc_enter_allowed()?;
    let report =
        tempfile::NamedTempFile::new().map_err(|error| of_call(Error::io("a temporary file", &error)))?;
    let entry = ContainerEntry {
        uri: vm.connection().uri(),
        uuid: vm.key().to_string(),
        argv: program.argv.clone(),
        security_label: entering.security_label,
        cgroup: entering.cgroup,
        report: report.path().to_string_lossy().into_owned(),
    };
    let text = serde_json::to_string(&entry).map_err(|error| of_call(Error::usage(error.to_string())))?;
    let local = Program {
        argv: vec![own_program().to_string_lossy().into_owned(), ENTER_COMMAND.into(), text],
        input: program.input.clone(),
        timeout: program.timeout,
        cwd: None,
        env,
        terminal: false,
    };
    let finished = local.run(&|| interrupted(context)).map_err(of_call)?;
    if let Some(fault) = entry.fault() {
        return Err(of_call(fault).host(vm.connection().uri()));
    }
    Ok(GuestProcess {
        exited: true,
        code: Some(finished.code),
        signal: None,
        out: finished.out,
        err: finished.err,
        truncated: false,
    })
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod lxc_functions {
    /// The namespaces of a container's first process (`virDomainLxcOpenNamespace`).
    ///
    /// One map for each: `#{ kind, number }`, such as `mnt` and the number that the kernel knows it by;
    /// two containers with the same number share that namespace.
    ///
    /// Errors: `unsupported` for a guest that is no container, and without libvirt-lxc; `operation_invalid`
    /// when it does not run.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { print(vm.lxc_open_namespace().map(|n| n.kind)) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn lxc_open_namespace(vm: &mut Domain) -> Fallible<Array> {
        let entry = |namespace: crate::libvirt::Namespace| {
            Dynamic::from(Map::from([
                ("kind".into(), namespace.kind.into()),
                ("number".into(), Dynamic::from_int(namespace.number as i64)),
            ]))
        };
        Ok(vm.lxc_namespaces()?.into_iter().map(entry).collect())
    }

    /// Runs a program inside a container and returns `#{ out, err, code }` (`virDomainLxcEnterNamespace`).
    ///
    /// The array holds the program and its arguments; there is no shell. It joins the container's control
    /// groups (`virDomainLxcEnterCGroup`) and takes its security label where the host has labels
    /// (`virDomainLxcEnterSecurityLabel`). `vm.exec` does this for a container too.
    ///
    /// Errors: `unsupported` for a guest that is no container, and without libvirt-lxc; `io` where there is
    /// no such program; `operation_invalid` when the container does not run.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { print(vm.lxc_enter_namespace(["/bin/hostname"]).out) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn lxc_enter_namespace(context: NativeCallContext, vm: Domain, argv: Array) -> Fallible<Map> {
        named(entered(&context, &vm, argv, Map::new()), "domain.lxc_enter_namespace", &vm)
    }

    /// Runs a program inside a container with options (`virDomainLxcEnterNamespace`).
    ///
    /// `timeout` is in seconds; a program that is too slow is ended.
    ///
    /// Errors: `timeout` when it is too slow, `io` where it fails and `check` is given, `unsupported` for a
    /// guest that is no container, and without libvirt-lxc.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// let options = #{ input: "echo $HOME", noseclabel: true, timeout: "10s" };
    /// try { print(vm.lxc_enter_namespace(["/bin/sh"], options).out) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "lxc_enter_namespace", return_raw)]
    pub fn lxc_enter_namespace_with(
        context: NativeCallContext,
        vm: Domain,
        argv: Array,
        options: Map,
    ) -> Fallible<Map> {
        named(entered(&context, &vm, argv, options), "domain.lxc_enter_namespace", &vm)
    }
}

fn entered(context: &NativeCallContext, vm: &Domain, argv: Array, options: Map) -> Fallible<Map> {
    let options = ENTER.read(options)?;
    let timeout = options.get_duration("timeout")?.map(units::seconds).transpose()?;
    let program = GuestProgram {
        argv: argv.iter().map(argument).collect::<Result<_>>()?,
        input: options.get_any("input")?.map_or(Ok(Vec::new()), |input| bytes(&input))?,
        timeout,
        ..GuestProgram::default()
    };
    let env = options.get_map("env")?.map_or(Ok(Vec::new()), variables)?;
    let entering = Entering {
        security_label: if options.flag("noseclabel") {
            Some(false)
        } else {
            options.get_bool("security_label")?
        },
        cgroup: options.get_bool("cgroup")?.unwrap_or(true),
    };
    let process = enter(context, vm, &program, env, &entering)?;
    if options.flag("check") && process.code != Some(0) {
        return Err(failed(vm, &program, &process).into());
    }
    let text = |bytes: &[u8]| Dynamic::from(String::from_utf8_lossy(bytes).into_owned());
    Ok([
        ("out".into(), text(&process.out)),
        ("err".into(), text(&process.err)),
        ("code".into(), process.code.unwrap_or_default().into()),
    ]
    .into_iter()
    .collect())
}
