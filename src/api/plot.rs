//! `plot`, `save_plot` and `plot_svg`: series of numbers as pictures.

mod series;

use std::path::Path;

use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};

use super::fs::replace::replace;
use super::host_context::allow;
use super::permissions::Permission::Write;
use super::{Context, Fallible};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, int, text};
use crate::output;
use crate::plot::{self, Look, Series, Signs};

/// Registers the functions.
pub(super) fn register(natives: &mut Natives) {
    natives.global(&plot_functions::RHAI_MANIFEST);
}

const TITLE: OptionSpec = text("title", "The line above the picture.");
const UNIT: OptionSpec = text(
    "unit",
    "`bytes`, `bytes_per_second`, `percent`, `seconds`, or a short text that is shown as it is.",
);
const PIXELS: &[OptionSpec] = &[
    TITLE,
    UNIT,
    int("width", "Pixels across (default 800)."),
    int("height", "Pixels upwards (default 300)."),
];

pub(super) static PLOT: OptionTable = OptionTable {
    function: "plot",
    options: &[
        TITLE,
        UNIT,
        int("width", "Columns; those of the terminal without it, 80 where there is none."),
        int("height", "Rows, without title and legend (default 15)."),
    ],
};
pub(super) static SAVE: OptionTable = OptionTable { function: "save_plot", options: PIXELS };
pub(super) static SVG: OptionTable = OptionTable { function: "plot_svg", options: PIXELS };

fn look(options: &Parsed) -> Result<Look> {
    let unit = options.get_text("unit")?.unwrap_or_default().parse()?;
    Ok(Look { title: options.get_text("title")?, unit })
}

/// A length in columns, rows or pixels.
fn length(options: &Parsed, name: &str, usual: u32, least: u32, most: u32) -> Result<u32> {
    let Some(given) = options.get_int(name)? else { return Ok(usual.clamp(least, most)) };
    let fits = u32::try_from(given).ok().filter(|given| (least..=most).contains(given));
    fits.ok_or_else(|| Error::usage(format!("the {name} of a picture is {least} to {most}, not {given}")))
}

fn drawn(context: &Context, series: &Series, options: &Parsed) -> Result<String> {
    let usual = context.view().width.and_then(|width| u32::try_from(width).ok()).unwrap_or(80);
    let width = length(options, "width", usual, 40, 1_000)?;
    let height = length(options, "height", 15, 5, 500)?;
    let signs = Signs { utf8: output::is_utf8(), color: context.view().palette.is_colored() };
    Ok(plot::text(series, &look(options)?, width as u16, height as u16, signs))
}

fn svg(series: &Dynamic, options: &Parsed) -> Result<String> {
    let width = length(options, "width", 800, 300, 10_000)?;
    let height = length(options, "height", 300, 200, 10_000)?;
    plot::svg(&series::read(series)?, &look(options)?, width, height)
}

#[export_module(manifest)]
mod plot_functions {
    /// Draws a series of numbers in the terminal.
    ///
    /// See `plot(series, options)`.
    ///
    /// Errors: `usage` for what is no series of numbers.
    ///
    /// ```rhai
    /// plot([3, 5, 4, 8, 6]);
    /// ```
    #[rhai_fn(name = "plot", return_raw)]
    pub(super) fn plot(context: NativeCallContext, series: Dynamic) -> Fallible<()> {
        plot_with(context, series, Map::new())
    }

    /// Draws one or more series of numbers in the terminal, with a title, axes and their units.
    ///
    /// A series is an array of numbers, of `[x, y]`, or of `#{ time, value }`, as `history::samples` gives them; times
    /// may also stand in the place of `x`. A map of names and series draws up to 12 lines with a legend. The drawing goes to standard output, in colours where there are some.
    ///
    /// Errors: `usage` for what is no series of numbers, for an empty one, for NaN and infinity, and for a size that does not fit.
    ///
    /// ```rhai
    /// let cpu = #{ web1: [12.5, 30.0, 22.1], db1: [80.2, 75.0, 91.3] };
    /// plot(cpu, #{ title: "CPU", unit: "percent", height: 8 });
    /// ```
    #[rhai_fn(name = "plot", return_raw)]
    pub(super) fn plot_with(context: NativeCallContext, series: Dynamic, options: Map) -> Fallible<()> {
        let run = Context::of(&context)?;
        let failed = |error: Error| error.operation("plot");
        let options = PLOT.read(options)?;
        let series = series::read(&series).map_err(failed)?;
        let text = drawn(&run, &series, &options).map_err(failed)?;
        crate::api::show::write(&text, run.door().interrupt());
        Ok(())
    }

    /// Writes a picture of a series of numbers as an SVG file.
    ///
    /// See `save_plot(file, series, options)`.
    ///
    /// Errors: `usage` for what is no series of numbers; `io` where the file cannot be written; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// save_plot(fs::join(folder, "load.svg"), [3, 5, 4, 8, 6]);
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(name = "save_plot", return_raw)]
    pub(super) fn save_plot(
        context: NativeCallContext,
        file: ImmutableString,
        series: Dynamic,
    ) -> Fallible<()> {
        save_plot_with(context, file, series, Map::new())
    }

    /// Writes a picture of one or more series of numbers as an SVG file, which appears when it is complete.
    ///
    /// A series is what `plot(series, options)` takes; `width` and `height` are in pixels.
    ///
    /// Errors: as `plot`; `io` where the file cannot be written; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// let memory = [["2026-03-01", gib(2)], ["2026-03-02", gib(3)]];
    /// save_plot(fs::join(folder, "memory.svg"), memory, #{ unit: "bytes", width: 640 });
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(name = "save_plot", return_raw)]
    pub(super) fn save_plot_with(
        context: NativeCallContext,
        file: ImmutableString,
        series: Dynamic,
        options: Map,
    ) -> Fallible<()> {
        allow(&context, Write, "save_plot", &file)?;
        let svg = svg(&series, &SAVE.read(options)?).map_err(|error| error.operation("save_plot"))?;
        let written = replace(Path::new(file.as_str()), svg.as_bytes());
        Ok(written.map_err(|error| {
            Error::io(file.as_str(), &error)
                .operation("save_plot")
                .hint("see whether its folder is there and may be written to")
        })?)
    }

    /// A picture of a series of numbers as SVG, for a page of HTML.
    ///
    /// See `plot_svg(series, options)`.
    ///
    /// Errors: `usage` for what is no series of numbers.
    ///
    /// ```rhai
    /// print(plot_svg([3, 5, 4, 8, 6]).starts_with("<svg"));
    /// ```
    #[rhai_fn(name = "plot_svg", return_raw)]
    pub(super) fn plot_svg(series: Dynamic) -> Fallible<String> {
        plot_svg_with(series, Map::new())
    }

    /// A picture of one or more series of numbers as SVG, for a page of HTML.
    ///
    /// A series is what `plot(series, options)` takes; `width` and `height` are in pixels.
    ///
    /// Errors: as `plot`.
    ///
    /// ```rhai
    /// let svg = plot_svg(#{ web1: [1, 2], db1: [2, 1] }, #{ title: "requests", unit: "1/s" });
    /// print("requests" in svg);
    /// ```
    #[rhai_fn(name = "plot_svg", return_raw)]
    pub(super) fn plot_svg_with(series: Dynamic, options: Map) -> Fallible<String> {
        Ok(svg(&series, &SVG.read(options)?).map_err(|error| error.operation("plot_svg"))?)
    }
}
