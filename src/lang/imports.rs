//! The imports of a source.

use rhai::{AST, Expr, Stmt};

/// Returns path and alias of the top-level imports whose path is a plain text.
pub fn of(ast: &AST) -> Vec<(String, String)> {
    let import = |statement: &Stmt| match statement {
        Stmt::Import(import, _) => match &import.0 {
            Expr::StringConstant(path, _) if !import.1.as_str().is_empty() => {
                Some((path.to_string(), import.1.as_str().to_owned()))
            }
            _ => None,
        },
        _ => None,
    };
    ast.statements().iter().filter_map(import).collect()
}
