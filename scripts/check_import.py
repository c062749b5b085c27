"""What `import miai` costs and brings, in a fresh interpreter."""

import sys
import time

start = time.process_time()
import miai  # noqa: E402

seconds = time.process_time() - start
unwanted = {"torch", "onnx", "onnxruntime", "matplotlib", "PIL", "tqdm"} & set(sys.modules)
if unwanted:
    sys.exit(f"import miai brings {sorted(unwanted)}")
if seconds > 0.3:
    sys.exit(f"import miai took {seconds:.2f} s of CPU")
print(f"miai {miai.__version__}: import takes {seconds:.3f} s of CPU")
