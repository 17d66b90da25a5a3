console.log("measuring");
setInterval(() => {}, 1_000);
