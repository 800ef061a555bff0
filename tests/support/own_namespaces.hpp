#pragma once

#include <string>

/// From here on the mounts and the network of this process, and of what it starts, are its own: what it does to them
/// nobody else sees, and they end with it. Of the network only the loopback is there. The first call does it, the
/// others say the same again. Returns why that is not possible here; empty: it is so. Where the user is not root, it
/// has to come before the process has a second thread.
const std::string& enter_own_namespaces();
