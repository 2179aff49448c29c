//! Consoles, channels and graphics of a guest: as streams for scripts, at the terminal for people.

use std::sync::OnceLock;

use rhai::Map;
use rhai::plugin::{ImmutableString, export_module};

use crate::api::Fallible;
use crate::api::stream::Stream;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, flag, text};
use crate::libvirt::{self, Dialogue, Domain, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_console::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&CONSOLE, &OPEN_CONSOLE, &OPEN_CHANNEL, &OPEN_GRAPHICS];

/// Connects the person's terminal with a console until one of them ends it.
pub type Attach = fn(&libvirt::Stream, &Domain, Leaving) -> Result<()>;

/// How a person leaves a console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The key, as the byte that it sends.
    pub key: u8,
    /// Whether the person is told of it here.
    pub told: bool,
}

/// Ctrl and `]`
const ESCAPE: u8 = 0x1d;

/// How the terminal of this process is connected with a console; unset where there is no terminal.
pub static TERMINAL: OnceLock<Attach> = OnceLock::new();

const CONSOLES: &[OptionSpec] = &[
    text("device", "The alias of a console, serial or parallel port; without this the first console.")
        .alias("devname"),
    flag("force", sys::VIR_DOMAIN_CONSOLE_FORCE, "Throws out whoever has it open."),
    flag("safe", sys::VIR_DOMAIN_CONSOLE_SAFE, "Only where the driver keeps two from using it at once."),
];

static CONSOLE: OptionTable = OptionTable { function: "Domain.console", options: CONSOLES };
static OPEN_CONSOLE: OptionTable = OptionTable { function: "Domain.open_console", options: CONSOLES };

static OPEN_CHANNEL: OptionTable = OptionTable {
    function: "Domain.open_channel",
    options: &[flag("force", sys::VIR_DOMAIN_CHANNEL_FORCE, "Throws out whoever has it open.")],
};

static OPEN_GRAPHICS: OptionTable = OptionTable {
    function: "Domain.open_graphics",
    options: &[
        flag("skip_auth", sys::VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH, "Asks for no password.").alias("skipauth")
    ],
};

fn open(table: &'static OptionTable, vm: &Domain, options: Map) -> Result<libvirt::Stream> {
    let options = table.read(options)?;
    vm.open_console(options.get_text("device")?.as_deref(), options.flags())
}

/// Connects the terminal with a console.
///
/// Errors: `usage` where nobody is at a terminal; those of opening it.
pub(in crate::api) fn attach_with(vm: &Domain, options: Map, leaving: Leaving) -> Result<()> {
    let attach = TERMINAL.get().ok_or_else(|| {
        Error::usage("a console needs a person at a terminal")
            .operation("domain.console")
            .object(vm.label())
            .hint("a script talks to it with vm.open_console(): send(), expect(), read()")
    })?;
    attach(&open(&CONSOLE, vm, options)?, vm, leaving)
}

fn attach(vm: &Domain, options: Map) -> Result<()> {
    attach_with(vm, options, Leaving { key: ESCAPE, told: true })
}

fn channel(vm: &Domain, name: &str, options: Map) -> Result<Stream> {
    let stream = vm.open_channel(Some(name), OPEN_CHANNEL.read(options)?.flags())?;
    Ok(Stream::new(Dialogue::new(stream, vm), &format!("channel {name}"), vm))
}

fn graphics(vm: &Domain, index: i64, options: Map) -> Result<Stream> {
    let number = u32::try_from(index).map_err(|_| {
        Error::usage(format!("{index} is not the number of a graphics device"))
            .operation("domain.open_graphics")
            .object(vm.label())
            .hint("they are counted from 0, in the order of the definition")
    })?;
    let dialogue = vm.open_graphics(number, OPEN_GRAPHICS.read(options)?.flags())?;
    Ok(Stream::new(dialogue, &format!("graphics {index}"), vm))
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod domain_console {
    /// Connects the terminal with the guest's console until `^]` is typed (`virDomainOpenConsole`).
    ///
    /// Everything else that is typed goes to the guest, Ctrl-C included. It also ends when the guest does.
    ///
    /// Errors: `usage` where nobody is at a terminal; `operation_invalid` when the guest does not run,
    /// `operation_failed` when somebody has the console open.
    ///
    /// ```rhai
    /// try { domain("test").console() } catch (e) { print(e.hint) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn console(vm: &mut Domain) -> Fallible<()> {
        Ok(attach(vm, Map::new())?)
    }

    /// Connects the terminal with a console of the guest, until `^]` is typed (`virDomainOpenConsole`).
    ///
    /// Errors: `usage` where nobody is at a terminal; `operation_invalid` when the guest does not run,
    /// `operation_failed` when somebody has the console open.
    ///
    /// ```rhai
    /// try { domain("test").console(#{ device: "serial0", force: true }) } catch (e) { print(e.hint) }
    /// ```
    #[rhai_fn(name = "console", return_raw, pure)]
    pub fn console_with(vm: &mut Domain, options: Map) -> Fallible<()> {
        Ok(attach(vm, options)?)
    }

    /// Opens the guest's first console as a stream to talk to from a script (`virDomainOpenConsole`).
    ///
    /// Errors: `operation_invalid` when the guest does not run, `operation_failed` when somebody has the
    /// console open, `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try {
    ///     let console = domain("test").open_console();
    ///     console.send("\n");
    ///     console.expect("login:", "30s");
    ///     console.send("root\n");
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn open_console(vm: &mut Domain) -> Fallible<Stream> {
        open_console_with(vm, Map::new())
    }

    /// Opens a console of the guest as a stream, with options (`virDomainOpenConsole`).
    ///
    /// Errors: `operation_invalid` when the guest does not run, `operation_failed` when somebody has the
    /// console open, `invalid_arg` for a device that it lacks, `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { domain("test").open_console(#{ device: "serial0", force: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "open_console", return_raw, pure)]
    pub fn open_console_with(vm: &mut Domain, options: Map) -> Fallible<Stream> {
        let stream = open(&OPEN_CONSOLE, vm, options)?;
        Ok(Stream::new(Dialogue::new(stream, vm), "console", vm))
    }

    /// Opens a channel of the guest by the name of its target, as a stream (`virDomainOpenChannel`).
    ///
    /// Errors: `operation_invalid` when the guest does not run, `operation_failed` when somebody has the
    /// channel open, `internal_error` for a channel that it lacks, `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { domain("test").open_channel("org.example.port").send("hello\n") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn open_channel(vm: &mut Domain, name: ImmutableString) -> Fallible<Stream> {
        Ok(channel(vm, &name, Map::new())?)
    }

    /// Opens a channel of the guest by the name of its target, with options (`virDomainOpenChannel`).
    ///
    /// Errors: `operation_invalid` when the guest does not run, `internal_error` for a channel that it
    /// lacks, `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { domain("test").open_channel("org.example.port", #{ force: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "open_channel", return_raw, pure)]
    pub fn open_channel_with(vm: &mut Domain, name: ImmutableString, options: Map) -> Fallible<Stream> {
        Ok(channel(vm, &name, options)?)
    }

    /// Connects to the first graphics device of the guest past the network (`virDomainOpenGraphicsFD`).
    ///
    /// The stream carries the protocol of the device, such as VNC.
    ///
    /// Errors: `operation_invalid` when the guest does not run, `internal_error` where it has no graphics,
    /// `unsupported` where the driver or a daemon on another machine cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").open_graphics().read("5s")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn open_graphics(vm: &mut Domain) -> Fallible<Stream> {
        Ok(graphics(vm, 0, Map::new())?)
    }

    /// Connects to a graphics device of the guest, counted from 0 (`virDomainOpenGraphicsFD`).
    ///
    /// Errors: `operation_invalid` when the guest does not run, `internal_error` for a device that it lacks,
    /// `unsupported` where the driver or a daemon on another machine cannot.
    ///
    /// ```rhai
    /// try { domain("test").open_graphics(1) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "open_graphics", return_raw, pure)]
    pub fn open_graphics_at(vm: &mut Domain, index: i64) -> Fallible<Stream> {
        Ok(graphics(vm, index, Map::new())?)
    }

    /// Connects to a graphics device of the guest, counted from 0, with options
    /// (`virDomainOpenGraphicsFD`).
    ///
    /// Errors: `operation_invalid` when the guest does not run, `internal_error` for a device that it lacks,
    /// `unsupported` where the driver or a daemon on another machine cannot.
    ///
    /// ```rhai
    /// try { domain("test").open_graphics(0, #{ skip_auth: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "open_graphics", return_raw, pure)]
    pub fn open_graphics_with(vm: &mut Domain, index: i64, options: Map) -> Fallible<Stream> {
        Ok(graphics(vm, index, options)?)
    }
}
