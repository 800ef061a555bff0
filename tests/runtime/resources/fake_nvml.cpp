// What detection loads in place of libnvidia-ml.so.1: a driver that knows five devices.

extern "C" {

int nvmlInit_v2();
int nvmlDeviceGetCount_v2(unsigned* count);
int nvmlShutdown();

int nvmlInit_v2() {
  return 0;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 5;
  return 0;
}

int nvmlShutdown() {
  return 0;
}
}
