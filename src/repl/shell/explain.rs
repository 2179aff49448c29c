//! Help on names and values.

use rhai::Scope;

use super::Shell;
use crate::help::{self, Look};
use crate::lang::catalog::Catalog;
use crate::lang::infer::type_of_source;
use crate::repl::screen::Screen;
use crate::repl::{Ending, explanation, welcome};
use crate::report;

impl Shell {
    /// Says what a name means, or where to begin.
    pub(super) fn help(&mut self, name: Option<&str>, screen: &mut dyn Screen) -> Option<Ending> {
        let look = Look { palette: self.options.palette, columns: screen.width() };
        let text = match name {
            Some(name) => {
                let catalog = self.knowledge.documented(&self.session);
                let member = member_of_value(name, self.session.scope(), catalog);
                help::on(catalog, member.as_deref().unwrap_or(name), look)
            }
            None => Ok(look.show(&welcome::page(self))),
        };
        match text.and_then(|text| screen.show(&text)) {
            Ok(written) => self.written(written),
            // What help does not know is no failure to be helped with.
            Err(error) => {
                screen.tell(&report::error_text(&error, self.stderr));
                None
            }
        }
    }

    /// Evaluates an expression and says what its value is.
    pub(super) fn explain(&mut self, source: &str, screen: &mut dyn Screen) -> Option<Ending> {
        if let Some(reason) = self.ends_the_run() {
            return Some(Ending::Wish(reason));
        }
        self.inputs += 1;
        let outcome = self.session.eval(&format!("<line {}>", self.inputs), source);
        let outcome = outcome.and_then(|value| {
            let catalog = self.knowledge.documented(&self.session);
            let text = explanation::of(source, &value, catalog)?;
            let look = Look { palette: self.options.palette, columns: screen.width() };
            let written = screen.show(&look.show(&text))?;
            self.written(written);
            // What has no name can be spoken of as `it`, and the help says so.
            if !value.is_unit() && !rhai::is_valid_identifier(source) {
                self.session.remember(value);
            }
            Ok(())
        });
        self.finish(outcome, screen)
    }
}

/// `vm.shutdown`, where `vm` is a variable: the member of its type, `Domain.shutdown`.
fn member_of_value(name: &str, scope: &Scope, catalog: &Catalog) -> Option<String> {
    let (value, member) = name.rsplit_once('.')?;
    let variable = value.split(['.', '[', '(']).next()?;
    let type_ = scope.contains(variable).then(|| type_of_source(value, scope, &|_| None, catalog))?;
    Some(format!("{}.{member}", type_.name()))
}
