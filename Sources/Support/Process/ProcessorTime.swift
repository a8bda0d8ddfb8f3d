import Foundation

/// The seconds of the processor that all threads of this process have spent so far.
public var processorSeconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
