internal import DependencyScheduling

extension Graph {
  /// A value fed before each run. The shape `[]`, the default, is a scalar.
  public func input(
    _ name: String, _ shape: Shape = [], _ type: ElementType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    withState { state in
      let location = state.files.pack(fileID, line)
      return Node(graph: self, id: state.addSource(Input(), type, shape, name: name, at: location))
    }
  }

  /// A value that lives in the session from run to run, and that training changes. Parameters of one name, byte for
  /// byte, are shared between sessions that share a ``ParameterStore``. The name `__metadata__`, outside of any scope,
  /// is an error: files of parameters use it.
  public func parameter(
    _ name: String, _ shape: Shape = [], _ initializer: Initializer = .zeros, _ type: ElementType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    addParameter(name, shape, initializer, type, isState: false, fileID, line)
  }

  /// A value that lives in the session from run to run and that nobody trains: a running statistic, or what an
  /// optimizer remembers. It is a parameter in all but ``parameters``: it lives in a ``ParameterStore`` under its name,
  /// a ``ParameterUpdate`` changes it, and files keep it.
  ///
  /// ```swift
  /// let mean = graph.state("mean", [64])
  /// let update = ParameterUpdate(mean, to: 0.9 * mean + 0.1 * x.mean(axes: [0]))
  /// ```
  public func state(
    _ name: String, _ shape: Shape = [], _ initializer: Initializer = .zeros, _ type: ElementType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    addParameter(name, shape, initializer, type, isState: true, fileID, line)
  }

  private func addParameter(
    _ name: String, _ shape: Shape, _ initializer: Initializer, _ type: ElementType, isState: Bool,
    _ fileID: StaticString, _ line: UInt
  ) -> Node {
    withState { state in
      let location = state.files.pack(fileID, line)
      let id = state.addParameter(name, type, shape, initializer, isState: isState, at: location)
      if case .values(let values) = initializer.rule, values.elementCount != shape.elementCount {
        let reason =
          "\(values.elementCount ?? 0) initial values were given for shape \(shape) "
          + "(\(shape.elementCount) elements)"
        state.markPoisoned(id, GraphError(.shapeMismatch, reason, at: id, operands: [], in: state))
      }
      return Node(graph: self, id: id)
    }
  }

  /// One value, repeated over `shape`.
  public func constant(
    _ value: Double, _ shape: Shape = [], _ type: ElementType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    withState { state in
      let location = state.files.pack(fileID, line)
      return Node(graph: self, id: state.addConstant(.repeated(value), type, shape, at: location))
    }
  }

  /// The given values, one an element in row-major order.
  public func constant<T: GraphScalar>(
    _ values: [T], _ shape: Shape, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    constant(values, shape, at: pack(fileID, line))
  }

  /// A matrix of the given entries, row by row, each rounded to `type`.
  ///
  /// ```swift
  /// let rotation = graph.constant([[0, -1], [1, 0]])
  /// ```
  /// Rows of different lengths are an error when compiling, as is a matrix without an entry.
  @_disfavoredOverload
  public func constant(
    _ rows: [[Double]], _ type: ElementType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    // Disfavoured, so that nobody waits for a compiler that looks in a list of formulas for a list of lists: a mapped
    // sum of three numbers was beyond its limit.
    let length = rows.first?.count ?? 0
    if let other = rows.first(where: { $0.count != length }) {
      let zero = constant(0, [], type, fileID: fileID, line: line)
      let reason = "rows of a matrix are of one length, got \(length) and \(other.count) entries"
      return Term(zero, fileID, line).refused(reason, operands: []).node
    }
    return constant(doubles: rows.flatMap { $0 }, [rows.count, length], type, fileID: fileID, line: line)
  }

  func constant<T: GraphScalar>(_ values: [T], _ shape: Shape, at location: PackedLocation) -> Node {
    withState { state in
      let id = state.addConstant(TensorValues(values), T.elementType, shape, at: location)
      if values.count != shape.elementCount {
        let reason = "\(values.count) values were given for shape \(shape) (\(shape.elementCount) elements)"
        state.markPoisoned(id, GraphError(.shapeMismatch, reason, at: id, operands: [], in: state))
      }
      return Node(graph: self, id: id)
    }
  }

  /// The given values, each as an element of `type`.
  package func constant(
    doubles values: [Double], _ shape: Shape, _ type: ElementType, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    demand(values.count == shape.elementCount, "Shape \(shape) needs \(shape.elementCount) values")
    return withState { state in
      let location = state.files.pack(fileID, line)
      return Node(graph: self, id: state.addConstant(TensorValues(values, as: type), type, shape, at: location))
    }
  }

  /// Every parameter, in the order they were made: what there is to train. What ``state(_:_:_:_:fileID:line:)`` made is
  /// among ``states``.
  ///
  /// - Complexity: O(parameters + states), as of ``states``.
  public var parameters: [Node] {
    withState { state in
      state.parameters.filter { !state.states.contains($0) }.map { Node(graph: self, id: $0) }
    }
  }

  /// Every value that ``state(_:_:_:_:fileID:line:)`` made, in the order they were made.
  public var states: [Node] {
    withState { state in
      state.parameters.filter { state.states.contains($0) }.map { Node(graph: self, id: $0) }
    }
  }

  /// The node of this name, with its scopes: `"dense/weights"`. Names are compared byte for byte: "é" as one Unicode
  /// scalar and as two are two names.
  public func node(named name: String) -> Node? {
    withState { $0.node(named: name) }.map { Node(graph: self, id: $0) }
  }
}
