//! Functions of modules resolve what they call by themselves.
//!
//! Rhai (1.27) remembers what a name was resolved to without remembering in which module: `helper()` in one module may
//! become the `helper()` of another one that was called before. It starts a fresh memory where a block imports a module
//! that has a function for everybody. So each public function of a module is parsed with such an import at its beginning.

use std::sync::LazyLock;

use rhai::{AST, FnAccess, FuncRegistration, Module, Position, Shared};

use super::names::is_closure;

/// What stands at the beginning of a public function.
const IMPORT: &str = "import\"\";";

/// The module that it imports; nothing calls its function.
static FOR_EVERYBODY: LazyLock<Shared<Module>> = LazyLock::new(|| {
    let mut module = Module::new();
    FuncRegistration::new("\0").in_global_namespace().set_into_module(&mut module, || ());
    module.build_index();
    module.into()
});

/// The module that a public function imports first, if this is its path: the empty one, which no file has.
pub fn imported(path: &str) -> Option<Shared<Module>> {
    path.is_empty().then(|| FOR_EVERYBODY.clone())
}

/// Where the bodies of a module's public functions begin.
#[derive(Clone, Debug, Default)]
pub struct EntryPoints {
    /// Line and column of each `{`, both from 1, in the order of the text.
    braces: Vec<(usize, usize)>,
}

impl EntryPoints {
    /// Those of a program.
    pub fn of(program: &AST) -> Self {
        let named = program.iter_fn_def().filter(|function| !is_closure(&function.name));
        let public = named.filter(|function| function.access == FnAccess::Public);
        let place = |at: Position| Some((at.line()?, at.position()?));
        let mut braces: Vec<_> =
            public.filter_map(|function| place(function.body.start_position())).collect();
        braces.sort_unstable();
        Self { braces }
    }

    /// The text of the program with the imports.
    pub fn mark(&self, text: &str) -> String {
        let mut marked = String::with_capacity(text.len() + self.braces.len() * IMPORT.len());
        let mut braces = self.braces.iter().peekable();
        for (line, content) in (1..).zip(text.split_inclusive('\n')) {
            for (column, character) in (1..).zip(content.chars()) {
                marked.push(character);
                if braces.next_if(|brace| **brace == (line, column)).is_some() {
                    marked.push_str(IMPORT);
                }
            }
        }
        marked
    }

    /// The place in the program as it was written of a place in its marked text.
    pub fn written(&self, marked: Position) -> Position {
        let (Some(line), Some(mut column)) = (marked.line(), marked.position()) else { return marked };
        for (_, brace) in self.braces.iter().filter(|(at, _)| *at == line) {
            // Those before it have moved back already.
            if column > *brace {
                column = column.saturating_sub(IMPORT.len()).max(brace + 1);
            }
        }
        let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        Position::new(number(line), number(column))
    }
}

#[cfg(test)]
mod tests {
    use rhai::Engine;

    use super::*;

    #[test]
    fn places_in_the_marked_text_are_found_in_the_written_one() {
        let text = "private fn e() { \"é\" } fn a() { e() } fn b(x) { x }\nfn c() {\n    [1].map(|x| x)\n}";
        let engine = Engine::new();
        let entries = EntryPoints::of(&engine.compile(text).unwrap());
        let marked = entries.mark(text);
        assert_eq!(marked.matches(IMPORT).count(), 3);
        engine.compile(&marked).unwrap();
        let unmarked = marked.replace(IMPORT, &"\0".repeat(IMPORT.len()));
        let mut written = text.lines().map(str::chars);
        for (line, content) in (1..).zip(unmarked.lines()) {
            let mut letters = written.next().unwrap().enumerate();
            for (column, _) in (1..).zip(content.chars()).filter(|(_, letter)| *letter != '\0') {
                let (index, _) = letters.next().unwrap();
                let place = entries.written(Position::new(line, column));
                assert_eq!(
                    place,
                    Position::new(line, u16::try_from(index + 1).unwrap()),
                    "{content} {column}"
                );
            }
        }
    }
}
