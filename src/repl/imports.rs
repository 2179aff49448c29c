//! The imports of an input, which completion has to know when later inputs use them.

use crate::lang::tokens::{Class, tokens};

/// One `import "path" as alias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The module.
    pub(super) path: String,
    /// The statement as source text.
    pub(super) statement: String,
}

/// Returns the imports of literal paths in a source.
pub(super) fn imports(source: &str) -> Vec<Import> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text(source));
    let starts =
        tokens.iter().enumerate().filter(|(_, t)| t.class == Class::Keyword && t.text(source) == "import");
    starts
        .filter_map(|(at, _)| {
            let path = text(at + 1).strip_prefix('"')?.strip_suffix('"')?;
            let named = text(at + 2) == "as";
            let statement = if named {
                format!("import \"{path}\" as {};\n", text(at + 3))
            } else {
                format!("import \"{path}\";\n")
            };
            Some(Import { path: path.to_owned(), statement })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_found_wherever_it_stands() {
        let found = imports("let x = 1; import \"table\" as t; import name as n; // import \"no\" as n");
        let expected = Import { path: "table".into(), statement: "import \"table\" as t;\n".into() };
        assert_eq!(found, [expected]);
    }
}
