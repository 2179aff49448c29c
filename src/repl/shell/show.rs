//! Showing what an input gave.

use rhai::{Blob, Dynamic, EvalAltResult, Scope};

use super::Shell;
use crate::api::Fallible;
use crate::api::data::to_data;
use crate::api::error::from_rhai;
use crate::error::{Error, Result};
use crate::output::{self, Data, Format, Options, Style, picture};
use crate::repl::screen::Screen;
use crate::repl::{Ending, Manner};
use crate::virsh::{self, Call};

/// How many bytes of a blob are shown.
const FIRST_BYTES: usize = 16;

impl Shell {
    /// How values are shown.
    pub(in crate::repl) fn view(&mut self) -> &mut Options {
        &mut self.options
    }

    /// Shows the last value once more; `change` says how, for this time.
    ///
    /// Errors: `usage` where there is none; those of reading a handle.
    pub(in crate::repl) fn show_again(
        &mut self,
        screen: &mut dyn Screen,
        change: impl FnOnce(&mut Options),
    ) -> Result<()> {
        let value = self.session.scope().get_value::<Dynamic>("it").ok_or_else(|| {
            Error::usage("there is no last value to show").hint("show something first, such as `domains()`")
        })?;
        let before = self.options.clone();
        change(&mut self.options);
        let shown = self.show(&value, screen);
        self.options = before;
        shown.map_err(|failure| from_rhai(&failure))
    }

    /// Shows what was shown last with all its columns: the last value, or the table of a command such as `:log`.
    ///
    /// Errors: as for [`Self::show_again`].
    pub(in crate::repl) fn show_wide(&mut self, screen: &mut dyn Screen) -> Result<Option<Ending>> {
        let Some(table) = self.sitting.table.take() else {
            return self.show_again(screen, |options| options.wide = true).map(|()| None);
        };
        let before = std::mem::replace(&mut self.options.wide, true);
        let shown = self.show_table(table, screen);
        self.options.wide = before;
        shown
    }

    /// Whether the last value is XML.
    pub(in crate::repl) fn has_markup(&self) -> bool {
        let Some(value) = self.session.scope().get_value::<Dynamic>("it") else { return false };
        let is_text = matches!(
            self.session.engine().map_type_name(value.type_name()),
            "string" | "XmlDocument" | "XmlNode"
        );
        is_text && output::is_markup(&self.text_of(&value))
    }

    /// Runs a line of virsh; what it writes is shown as a value is, unless it talks with the person.
    pub(super) fn run_virsh(&self, call: &Call, screen: &mut dyn Screen) -> Fallible<Dynamic> {
        if let Manner::Virsh { quiet } = self.manner {
            return virsh::run(&self.session, call, quiet);
        }
        let output = self.session.context().virsh();
        let (outcome, text) = output.held(self.options.palette, || virsh::run(&self.session, call, false));
        if !text.is_empty() {
            let text = if output::is_markup(&text) {
                output::render(
                    &Data::Text(text),
                    &Options { format: Format::Table, columns: None, ..self.options.clone() },
                )?
            } else {
                text
            };
            let written = screen.show(&text)?;
            self.written(written);
        }
        outcome
    }

    pub(super) fn show(&mut self, value: &Dynamic, screen: &mut dyn Screen) -> Fallible<()> {
        if value.is_unit() {
            return Ok(());
        }
        let written = if let (Some(blob), Format::Table) = (value.read_lock::<Blob>(), self.options.format) {
            self.show_blob(&blob, screen)?
        } else {
            let data = match to_data(value)? {
                Data::Text(_) if !value.is_string() && !value.is_char() => Data::Text(self.text_of(value)),
                data => data,
            };
            self.options.width = screen.width();
            let text = match (&data, self.options.format) {
                (Data::List(list), Format::Table) if list.is_empty() => "[]\n".to_owned(),
                (Data::Map(map), Format::Table) if map.is_empty() => "#{}\n".to_owned(),
                _ => output::render(&data, &self.options)?,
            };
            screen.show(&text)?
        };
        self.written(written);
        Ok(())
    }

    /// A picture is drawn where the terminal can, and bytes are told by their number and the first of them.
    fn show_blob(&self, blob: &[u8], screen: &mut dyn Screen) -> Result<output::Written> {
        let Some((width, height)) = picture::size(blob) else { return screen.show(&self.few_bytes(blob)) };
        let what = format!("image/png, {width}×{height}");
        match screen.draw(blob, self.options.palette)? {
            Some(output::Written::All) => {
                screen.show(&format!("{}\n", self.options.palette.paint(Style::Dim, &what)))
            }
            Some(closed) => Ok(closed),
            None => screen.show(&format!("{what}; save it with fs::write(\"picture.png\", it)\n")),
        }
    }

    fn few_bytes(&self, blob: &[u8]) -> String {
        let first: Vec<String> = blob.iter().take(FIRST_BYTES).map(|byte| format!("{byte:02x}")).collect();
        let more = if blob.len() > FIRST_BYTES { " …" } else { "" };
        let bytes = if blob.len() == 1 { "byte" } else { "bytes" };
        let count = self.options.palette.paint(Style::Dim, &format!("{} {bytes}", blob.len()));
        format!("{count}  {}{more}", first.join(" ")).trim_end().to_owned() + "\n"
    }

    /// Returns what `print` writes of a value that is neither plain nor a handle, such as a document.
    fn text_of(&self, value: &Dynamic) -> String {
        let mut scope = Scope::new();
        scope.push_dynamic("value", value.clone());
        let text = self.session.engine().eval_expression_with_scope(&mut scope, "value.to_string()");
        text.unwrap_or_else(|_| value.to_string())
    }
}

/// A line of virsh stands in no source: where in the body of its command it failed says nothing to the person.
pub(super) fn without_place(outcome: Fallible<()>) -> Fallible<()> {
    outcome.map_err(|failure| match *failure {
        EvalAltResult::ErrorTerminated(..) => failure,
        _ => from_rhai(&failure).into(),
    })
}
