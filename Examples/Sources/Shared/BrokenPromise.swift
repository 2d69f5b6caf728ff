/// What an example says of the package, and did not find.
public struct BrokenPromise: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
