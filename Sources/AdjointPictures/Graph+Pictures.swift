internal import DependencyScheduling
public import Adjoint

extension Graph {
  /// The graph as an SVG picture, drawn as textbooks draw it: from left to right, values in green above the lines,
  /// gradients in red below them.
  ///
  /// ```swift
  /// let structure = graph.svg()                         // gates and shapes
  /// let picture = graph.svg(of: [f], values: session)   // with numbers
  /// ```
  /// Where several gates read a value there is a copy gate, drawn as a small adder, which is what it is backward: below
  /// each of its branches stands what comes back over it, before it the sum. A number written in a formula stands in its
  /// gate (`+1`). Scopes are boxes; large ones are closed, and scopes that are the same but for a number in their names
  /// are folded into one, so that a graph of any size stays readable; see ``PictureOptions``.
  ///
  /// The same graph and numbers always give the same text, which stands alone: no script, no font, no link.
  ///
  /// Drawn is what the nodes given are computed from, or everything if none is. Numbers come from a session of a program
  /// of this graph, after a run, and are there for what ``/Adjoint/Session/report(inColor:)`` lists; other lines go
  /// without.
  ///
  /// - Complexity: O(nodes + edges), but for sorting, and what reading the numbers costs.
  public func svg(
    of outputs: [Node] = [], values session: Session? = nil, options: PictureOptions = PictureOptions()
  ) -> String {
    let (picture, words) = picture(of: outputs, values: session, options)
    return PictureSVG.text(of: PictureLayout(picture, words))
  }

  /// The same picture in the language of Graphviz, for its layouts and other tools: boxes are clusters.
  ///
  /// - Complexity: O(nodes + edges), but for sorting, and what reading the numbers costs.
  public func dot(
    of outputs: [Node] = [], values session: Session? = nil, options: PictureOptions = PictureOptions()
  ) -> String {
    let (picture, words) = picture(of: outputs, values: session, options)
    return PictureDOT.text(of: picture, words)
  }

  private func picture(
    of outputs: [Node], values session: Session?, _ options: PictureOptions
  ) -> (Picture, PictureWords) {
    for node in outputs { check(node) }
    demand(options.mostItems >= 2, "A picture shows at least 2 items, got \(options.mostItems)")
    demand(
      session == nil || session!.program.graph === self, "The session's program was compiled from another graph")
    let view = GraphView(self)
    let isShown =
      outputs.isEmpty ? [Bool](repeating: true, count: view.nodeCount) : view.nodes(behind: outputs)
    let outline = PictureOutline(view, isShown: isShown, mostItems: options.mostItems)
    let ends = outputs.isEmpty ? view.unreadNodes(atMost: 8) : outputs.map(\.id)
    let picture = Picture(outline, outputs: ends, options: options)
    return (picture, PictureWords(picture, numbers: session.map { PictureNumbers($0, view) }))
  }
}

extension GraphView {
  /// The computed nodes that no gate reads; none if there are more than a picture has an edge for.
  fileprivate func unreadNodes(atMost most: Int) -> [NodeID] {
    var isRead = [Bool](repeating: false, count: nodeCount)
    for index in isRead.indices {
      for input in inputs(of: NodeID(index)) { isRead[input.int] = true }
    }
    let unread = (0..<nodeCount).lazy.map { NodeID($0) }.filter { !isRead[$0.int] && !isSource($0) }.prefix(most + 1)
    return unread.count > most ? [] : Array(unread)
  }
}
