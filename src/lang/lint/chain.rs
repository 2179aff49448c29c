//! `a.b[c].d()` as a list, which rhai keeps as a nested tree.

use rhai::{ASTFlags, Expr, FnCallExpr, Position};

/// A value and what is asked of it, link by link.
pub(super) struct Chain<'a> {
    pub(super) root: &'a Expr,
    pub(super) links: Vec<Link<'a>>,
}

/// One step of a chain.
pub(super) enum Link<'a> {
    Property { name: &'a str, position: Position },
    Method { call: &'a FnCallExpr, position: Position },
    Index(&'a Expr),
}

impl<'a> Chain<'a> {
    /// Takes an expression apart that ends in a dot or an index; nothing for every other.
    pub(super) fn new(expr: &'a Expr) -> Option<Self> {
        let (Expr::Dot(parts, flags, _) | Expr::Index(parts, flags, _)) = expr else { return None };
        let mut links = Vec::new();
        let mut rest = &parts.rhs;
        let mut dot = matches!(expr, Expr::Dot(..));
        let mut ends = flags.contains(ASTFlags::BREAK);
        loop {
            match rest {
                Expr::Dot(parts, flags, _) | Expr::Index(parts, flags, _) if !ends => {
                    links.push(Link::new(&parts.lhs, dot));
                    dot = matches!(rest, Expr::Dot(..));
                    ends = flags.contains(ASTFlags::BREAK);
                    rest = &parts.rhs;
                }
                last => {
                    links.push(Link::new(last, dot));
                    return Some(Self { root: &parts.lhs, links });
                }
            }
        }
    }
}

impl<'a> Link<'a> {
    fn new(expr: &'a Expr, dot: bool) -> Self {
        match expr {
            Expr::Property(property, position) if dot => {
                Self::Property { name: property.2.as_str(), position: *position }
            }
            Expr::MethodCall(call, position) if dot => Self::Method { call, position: *position },
            other => Self::Index(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::{Engine, Stmt};

    fn show(code: &str) -> String {
        let ast = Engine::new_raw().compile(code).unwrap();
        let Stmt::Expr(expr) = &ast.statements()[0] else { panic!("{code} is no expression") };
        let chain = Chain::new(expr).unwrap();
        let links: Vec<_> = chain
            .links
            .iter()
            .map(|link| match link {
                Link::Property { name, .. } => format!(".{name}"),
                Link::Method { call, .. } => format!(".{}()", call.name),
                Link::Index(Expr::Variable(name, ..)) => format!("[{}]", name.1),
                Link::Index(Expr::Dot(..) | Expr::Index(..)) => "[chain]".into(),
                Link::Index(_) => "[…]".into(),
            })
            .collect();
        links.join(" ")
    }

    #[test]
    fn chains_are_lists() {
        assert_eq!(show("a.b.c()"), ".b .c()");
        assert_eq!(show("a[b.c]"), "[chain]");
        assert_eq!(show("a[b.c].d"), "[chain] .d");
        assert_eq!(show("a.b[c.d].e"), ".b [chain] .e");
        assert_eq!(show("a[b][c]"), "[b] [c]");
        assert_eq!(show("a[b[c]]"), "[chain]");
        assert_eq!(show("a.f(x.y).g[1][2].h"), ".f() .g […] […] .h");
        assert_eq!(show("a?.b?[c]"), ".b [c]");
        assert_eq!(show("f().g()[h].i"), ".g() [h] .i");
        assert_eq!(show("(a.b).c"), ".b .c");
    }
}
