//! `virhai top`: the live view at a terminal, and its figures once where there is none.

use std::time::Duration;

use clap::Parser;

use super::arguments::{self, Arguments, Options};
use super::batch;
use super::environment::Environment;
use crate::output::{Format, stdin_is_terminal};
use crate::top::ORDERS;

/// What follows the command word.
#[derive(Debug, Parser)]
#[command(name = "virhai top", about = "Shows what the running guests do, refreshed until q is typed.")]
pub(super) struct Line {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(flatten)]
    pub(super) top: Top,
}

/// How the view begins.
#[derive(Debug, clap::Args)]
pub struct Top {
    /// The time between two refreshes
    #[arg(short, long, value_name = "DURATION", value_parser = arguments::duration, default_value = "2s")]
    interval: Duration,

    /// The order of the guests
    #[arg(short, long, value_name = "ORDER", value_parser = ORDERS, default_value = "cpu")]
    sort: String,

    /// Only guests with this part of the name, or that fit a pattern such as web*
    #[arg(short, long, value_name = "NAME", default_value = "")]
    filter: String,

    /// Write the figures once; so does -o, and an output that is no terminal
    #[arg(long)]
    once: bool,
}

/// The view itself.
const LIVE: &str = "top(OPTIONS)";

/// The figures of the view, measured over one interval.
const ONCE: &str = r#"
let options = OPTIONS;
let guests = conn().rates(options.interval);
let filter = options.filter;
if ["*", "?", "[", "{"].some(|sign| filter.contains(sign)) {
    let fitting = domains(#{ name: filter }).map(|vm| vm.uuid);
    guests = guests.filter(|guest| fitting.contains(guest.uuid));
} else {
    guests = guests.filter(|guest| guest.name.to_lower().contains(filter.to_lower()));
}
let weight = switch options.sort {
    "cpu" => |guest| guest.cpu_percent ?? -1.0,
    "memory" => |guest| (guest.memory ?? -1).to_float(),
    "disk" => |guest| (guest.read_rate ?? -1.0) + (guest.write_rate ?? 0.0),
    "net" => |guest| (guest.rx_rate ?? -1.0) + (guest.tx_rate ?? 0.0),
    _ => |guest| 0.0
};
guests = guests.order_by(|guest| -weight.call(guest));
if COLUMNS {
    let columns = ["name", "state", "stale", "cpu_percent", "memory", "memory_used", "read_rate", "write_rate", "rx_rate",
        "tx_rate"];
    let complete = |guest| {
        for column in columns { if !(column in guest) { guest[column] = () } }
        guest
    };
    table(guests.map(complete), columns)
} else {
    guests
}
"#;

/// Shows it and gives the exit status.
pub(super) fn run(environment: &Environment, arguments: &Arguments, top: &Top) -> u8 {
    let view = &environment.view;
    let options = format!(
        "#{{ interval: {:?}, sort: {}, filter: {} }}",
        top.interval.as_secs_f64(),
        text(&top.sort),
        text(&top.filter)
    );
    let is_live = view.terminal && stdin_is_terminal() && view.format.is_none() && !top.once;
    let code = if is_live {
        LIVE.replace("OPTIONS", &options)
    } else {
        // A table has room for some of it; data have all.
        let format = view.format.unwrap_or(if view.terminal { Format::Table } else { Format::Json });
        let is_tabular = matches!(format, Format::Table | Format::Csv | Format::Tsv | Format::Text);
        let columns = (is_tabular && view.columns.is_none()).to_string();
        ONCE.replace("OPTIONS", &options).replace("COLUMNS", &columns)
    };
    batch::eval(environment, arguments, &[code])
}

/// A text in Rhai: one of JSON is.
fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
