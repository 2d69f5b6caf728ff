/// Puts one ``SpliceRows`` in the place of a pad, a concatenation or a sum of pads along the first axis and the slices
/// that it reads. A sum of pads adds 0 to each element besides, which a chain does within the cache.
///
/// Shifting a value by a row, say, is a slice and a concatenation forward, and a slice and a pad backward: two copies
/// each. A splice is read in place by the chain of elementwise gates that follows.
///
/// - Complexity: O(nodes + edges).
struct FoldIntoSplices: GraphPass {
  static let name = "foldIntoSplices"

  /// Elements from which on a value is worth it.
  private static let fewestElements = 4_096  // Decisions/Rewriting.md
  /// More pieces than this are copied together once.
  private static let mostPieces = 4  // Decisions/Rewriting.md

  static func isWanted(for purpose: CompiledPurpose) -> Bool { purpose.options.fusesElementwise }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    guard
      storage.gates.hasAny(Pad.self) || storage.gates.hasAny(Concatenate.self) || storage.gates.hasAny(SumOfPads.self)
    else { return graph }
    var rewriter = GraphRewriter(graph)
    var zeros: [ElementType: NodeID] = [:]
    for index in 0..<storage.count {
      let node = NodeID(index)
      let sources = sources(of: node, in: storage)
      if sources.isEmpty {
        rewriter.keep(node)
      } else {
        let splice = SpliceRows(pieces: sources.map(\.piece), rowCount: storage.signature(of: node).shape[0])
        var made = rewriter.add(splice, like: node, inputs: sources.map { rewriter.renamed[$0.node.int] })
        if case .sumOfPads = storage.traits(of: node).kernel.form {
          let type = storage.signature(of: node).elementType
          let zero = zeros[type] ?? rewriter.addConstant(0, type, .scalar, like: node)
          zeros[type] = zero
          made = rewriter.add(Add(), like: node, inputs: [made, zero])
        }
        rewriter.replace(node, by: made)
      }
    }
    return rewriter.finish(roots: graph.roots)
  }

  /// Whether a chain reads the pieces of `node` in place: of a pad, a concatenation, or what will be a sum of `pads`.
  static func reads(_ node: NodeID, pads: PaddedPieces?, in storage: GraphStorage, _ options: Program.Options) -> Bool {
    guard options.runs(Self.self) else { return false }
    guard let pads else { return !sources(of: node, in: storage).isEmpty }
    return pads.axis == 0 && isWorthIt(storage.signature(of: node), pieceCount: pads.pieces.count)
  }

  private static func isWorthIt(_ whole: Signature, pieceCount: Int) -> Bool {
    whole.elementType.hasArithmetic && whole.shape.elementCount >= fewestElements && pieceCount <= mostPieces
  }

  private typealias Source = (node: NodeID, piece: SpliceRows.Piece)

  /// The rows that a pad, a concatenation or a sum of pads along the first axis puts together; none for anything else.
  private static func sources(of node: NodeID, in storage: GraphStorage) -> [Source] {
    let signature = storage.signature(of: node), inputs = storage.inputs(of: node)
    guard isWorthIt(signature, pieceCount: inputs.count) else { return [] }
    switch storage.traits(of: node).kernel.form {
    case .concatenate(axis: 0):
      var start = 0
      return inputs.map { input in
        defer { start += storage.signature(of: input).shape[0] }
        return source(input, at: start, in: storage)
      }
    case .sumOfPads(axis: 0, let starts):
      return zip(inputs, starts).map { source($0, at: $1, in: storage) }
    case .pad(let starts):
      let padded = storage.signature(of: inputs.first!).shape
      guard padded.dimensions.dropFirst() == signature.shape.dimensions.dropFirst() else { return [] }
      return [source(inputs.first!, at: starts[0], in: storage)]
    default: return []
    }
  }

  /// Where the rows of `node` lie: in what it slices, if it is a slice along the first axis.
  private static func source(_ node: NodeID, at start: Int, in storage: GraphStorage) -> Source {
    let shape = storage.signature(of: node).shape
    if case .slice(let starts) = storage.traits(of: node).kernel.form, let whole = storage.inputs(of: node).first,
      storage.signature(of: whole).shape.dimensions.dropFirst() == shape.dimensions.dropFirst()
    {
      return (whole, SpliceRows.Piece(rows: starts[0]..<starts[0] + shape[0], start: start))
    }
    return (node, SpliceRows.Piece(rows: 0..<shape[0], start: start))
  }
}
