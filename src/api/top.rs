//! The live view, for scripts and the prompt.

use std::sync::OnceLock;
use std::time::Duration;

use rhai::Map;
use rhai::plugin::export_module;

use super::Fallible;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, duration, text, word};
use crate::libvirt::Connection;
use crate::top::{ORDERS, Settings};
use crate::units;

/// What shows the view; set where a person sits at a terminal.
pub static SHOW: OnceLock<fn(&Connection, &Settings) -> Result<()>> = OnceLock::new();

/// The shortest time between two samples.
const SHORTEST: Duration = Duration::from_millis(100);

pub(super) static TOP: OptionTable = OptionTable {
    function: "Connection.top",
    options: &[
        duration("interval", "The time between two refreshes; 2 s without it."),
        word("sort", &ORDERS, "The order: by `cpu` without it."),
        text("filter", "A part of the names of the guests, or a pattern such as \"web*\"."),
    ],
};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&top_functions::RHAI_MANIFEST);
}

fn show(connection: &Connection, options: Map) -> Result<()> {
    let options = TOP.read(options)?;
    let interval = options.get_duration("interval")?.map(units::seconds).transpose()?;
    let interval = interval.unwrap_or(Duration::from_secs(2));
    if interval < SHORTEST {
        return Err(Error::usage("guests are looked at ten times a second at most")
            .operation("connection.top")
            .hint("for example #{ interval: \"1s\" }"));
    }
    let settings = Settings {
        interval,
        sort: options.get_text("sort")?,
        filter: options.get_text("filter")?.unwrap_or_default(),
    };
    let show = SHOW.get().ok_or_else(|| {
        Error::usage("the live view needs a person at a terminal")
            .operation("connection.top")
            .hint("a script asks conn().rates(\"2s\") or conn().watch(…)")
    })?;
    show(connection, &settings)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod top_functions {
    /// Shows what the running guests do, until `q` is typed; `?` lists the keys.
    ///
    /// See `top(options)`.
    ///
    /// Errors: `usage` where nobody is at a terminal.
    ///
    /// ```rhai
    /// try { conn().top() } catch (e) { print(e.hint) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn top(connection: &mut Connection) -> Fallible<()> {
        Ok(show(connection, Map::new())?)
    }

    /// Shows what the running guests do as a table that refreshes itself, until `q` is typed.
    ///
    /// CPU in percent of one host CPU, memory in bytes, disks and network in bytes a second; Enter shows one guest
    /// with plots over time, `?` lists the keys. A guest whose hypervisor does not answer is marked as stale, and
    /// the others go on. `virhai top` shows the same.
    ///
    /// Errors: `usage` where nobody is at a terminal, for a wrong option, and for an interval below 0.1 s.
    ///
    /// ```rhai
    /// try { conn().top(#{ interval: "1s", sort: "memory", filter: "web*" }) } catch (e) { print(e.hint) }
    /// ```
    #[rhai_fn(name = "top", return_raw, pure)]
    pub fn top_with(connection: &mut Connection, options: Map) -> Fallible<()> {
        Ok(show(connection, options)?)
    }
}
