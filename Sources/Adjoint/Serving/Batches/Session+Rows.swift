/// Rows of requests into and out of the session of a batch. All of it is done while no thread waits for another.
extension Session {
  /// Writes the rows of requests into the inputs of a batch, and zeros into the rows that are left.
  func feed(_ rows: [[RowValues]], _ ports: BatchPorts) throws {
    for (position, port) in ports.inputs.enumerated() {
      try feed(rows.map { $0[position] }, to: port, as: port.row.elementType.scalar)
    }
  }

  /// What the outputs of a batch have for the first rows.
  func answers(count: Int, _ ports: BatchPorts) throws -> [[RowValues]] {
    let columns = try ports.outputs.map { try answers(count: count, $0, as: $0.row.elementType.scalar) }
    return (0..<count).map { row in columns.map { $0[row] } }
  }

  private func feed<T: GraphScalar>(_ rows: [RowValues], to port: BatchPorts.Port, as type: T.Type) throws {
    let width = port.row.shape.elementCount
    try withMutableValues(of: port.node, as: type) { span in
      span.withUnsafeMutableBufferPointer { elements in
        for (row, values) in rows.enumerated() {
          let own = UnsafeMutableBufferPointer(rebasing: elements[row * width..<(row + 1) * width])
          _ = own.update(fromContentsOf: values.values(as: type)!)
        }
        elements[(rows.count * width)...].update(repeating: T(rounding: 0))
      }
    }
  }

  private func answers<T: GraphScalar>(count: Int, _ port: BatchPorts.Port, as type: T.Type) throws -> [RowValues] {
    let width = port.row.shape.elementCount
    return try withValues(of: port.node, as: type) { span in
      span.withUnsafeBufferPointer { elements in
        (0..<count).map { RowValues(Array(elements[$0 * width..<($0 + 1) * width])) }
      }
    }
  }
}

extension ElementType {
  /// The Swift type of the elements.
  fileprivate var scalar: any GraphScalar.Type {
    switch row {
    case .float32: Float.self
    case .float64: Double.self
    case .int32: Int32.self
    case .int64: Int64.self
    case .bool: Bool.self
    case .bfloat16: BFloat16.self
    case .float16:
      #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
        Float16.self
      #else
        preconditionFailure("This platform has no type of 16-bit floating-point numbers")
      #endif
    }
  }
}
