//! The imports of a source, apart from its other statements.

use rhai::{AST, Stmt};

/// Returns the top-level imports of a source as a source of their own; `None` when it has none.
///
/// Imports live as long as one evaluation, so a session makes those of earlier sources again.
pub fn only(ast: &AST) -> Option<AST> {
    let imports: Vec<Stmt> =
        ast.statements().iter().filter(|statement| matches!(statement, Stmt::Import(..))).cloned().collect();
    if imports.is_empty() {
        return None;
    }
    let mut only = AST::new(imports, rhai::Module::new());
    if let Some(source) = ast.source() {
        only.set_source(source);
    }
    Some(only)
}
