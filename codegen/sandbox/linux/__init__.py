"""What the kernel offers to confine a process, called by hand. Standard library only, like all that runs inside."""
