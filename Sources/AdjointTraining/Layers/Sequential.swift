public import Adjoint

/// The result of layers one behind the other: the second reads what the first gives, and so on.
///
/// ```swift
/// let logits = sequential(
///   images,
///   { relu(dense(flattened($0), "hidden", to: 128)) },
///   { layerNorm($0, "norm") },
///   { dense($0, "digits", to: 10) })
/// ```
/// Messages name the lines within the layers.
public func sequential(_ x: Node, _ layers: (Node) -> Node...) -> Node { layers.reduce(x) { $1($0) } }
